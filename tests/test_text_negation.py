"""Negation in its forms, and how far each reaches."""

from __future__ import annotations

import pytest

from facegen.reading.rules import parse
from tests.text_table import rows

NEGATION = r"""
no beard | -beard
not bald | -bald
without glasses | -eyeglasses
isn't smiling | -smiling
he isn't smiling | male -smiling
doesn't have a beard | -beard
he does not have a beard or a mustache | male -beard -mustache
never wears a hat | -hat
lacks a beard | -beard
lacking any facial hair | -beard -mustache -goatee -stubble
neither beard nor mustache | -beard -mustache
she has neither glasses nor earrings | -male -eyeglasses -earrings
a beardless man | -beard male
beard-less | -beard
a hatless woman | -hat -male
clean-shaven | -beard -mustache -goatee -stubble
clean shaven man with glasses | -beard -mustache -goatee -stubble male eyeglasses
hairless | bald
no hair | bald
glasses? none | -eyeglasses
glasses: no | -eyeglasses
Glasses: none. Beard: none. Hat: yes | -eyeglasses -beard hat
no beard or glasses | -beard -eyeglasses
without a hat, smiling | -hat smiling
not blond but brown hair | -blond_hair brown_hair
her hair is not blond but brown | -male -blond_hair brown_hair
not old | -old
not a young man | male -young
glasses - no, sunglasses | -eyeglasses sunglasses
no beard, glasses | -beard eyeglasses
no beard, mustache or glasses | -beard -mustache -eyeglasses
no beard, mustache, or glasses | -beard -mustache -eyeglasses
no hat, blond or light brown hair | -hat blond_hair
a man without a beard and with glasses | male -beard eyeglasses
a man without a beard but with glasses | male -beard eyeglasses
a man with glasses but without a beard | male eyeglasses -beard
a man with no beard and blue eyes | male -beard blue_eyes
no beard and no glasses | -beard -eyeglasses
isn't wearing glasses and has a beard | -eyeglasses beard
not wearing glasses or a hat | -eyeglasses -hat
she's not wearing any makeup | -male -heavy_makeup
makeup-free woman | -heavy_makeup -male
woman without makeup, earrings or a necklace | -male -heavy_makeup -earrings -necklace
never without his hat | male hat
not without a beard | beard
he ain't got no beard | male -beard
don't have no glasses | -eyeglasses
not only bearded but also bald | beard bald
no doubt a bearded man | beard male
no longer young | -young
used to have a beard | -beard
shaved off his mustache | male -mustache
no long hair | -long_hair
not long hair | -long_hair
her hair isn't long or curly | -male -long_hair -wavy_hair
her hair isn't long, it's short and straight | -male -long_hair straight_hair
he is not smiling, has blue eyes | male -smiling blue_eyes
no smile, blue eyes, beard | -smiling blue_eyes beard
devoid of any beard | -beard
free of makeup | -heavy_makeup
with no hat on his head and no beard on his face | male -hat -beard
no hair on his face | male -beard -mustache -goatee -stubble
no facial hair | -beard -mustache -goatee -stubble
no facial hair except a mustache | -beard -goatee -stubble mustache
no facial hair apart from a small goatee | -beard -mustache -stubble goatee
no beard, just a mustache | -beard mustache
no beard just stubble | -beard stubble
nothing on his head | male -hat
bareheaded | -hat
instead of glasses he wears sunglasses | male -eyeglasses sunglasses
sunglasses rather than glasses | sunglasses -eyeglasses
a hat he doesn't wear | male -hat
I don't think he has a beard | male -beard
I don't want a beard or glasses | -beard -eyeglasses
please don't give him a beard | male -beard
avoid beards and hats | -beard -hat
not bearded, not bald, not smiling | -beard -bald -smiling
beard: no, mustache: yes, glasses: no | -beard mustache -eyeglasses
Facial hair: no | -beard -mustache -goatee -stubble
Facial hair - mustache only | mustache
smile? not really | -smiling
Does he have a beard? No. Does he wear glasses? Yes. | male -beard eyeglasses
blue eyes, no glasses, not smiling, brown hair | blue_eyes -eyeglasses -smiling brown_hair
not very old | -old
not particularly long hair | -long_hair
no visible beard or mustache | -beard -mustache
no sign of a beard | -beard
not a hint of a smile | -smiling
hardly smiling | smiling
he has no beard he has a mustache | male -beard mustache
w/o glasses | -eyeglasses
sans glasses | -eyeglasses
minus the beard | -beard
zero makeup | -heavy_makeup
no make-up, no lipstick | -heavy_makeup -lipstick
a woman wearing no makeup with red hair | -male -heavy_makeup red_hair
a bald man without glasses smiling | bald male -eyeglasses smiling
no glasses smiling | -eyeglasses smiling
hair: none | bald
hair - none, beard - full | bald beard
no beard/mustache | -beard -mustache
no beard, no mustache, long hair | -beard -mustache long_hair
not tall, not fat | -chubby
isn't bald and doesn't have a mustache | -bald -mustache
neither young nor old | -young -old
neither smiling nor frowning | -smiling
He wears neither a hat, nor glasses, nor a tie | male -hat -eyeglasses -necktie
eyes are not blue, they are green | -blue_eyes green_eyes
not blue eyes but green | -blue_eyes green_eyes
I said no hat! | -hat
no, not a hat | -hat
hair that isn't black | -black_hair
non-smiling | -smiling
unsmiling | -smiling
unbearded | -beard
not clean shaven | stubble
has not shaved | stubble
man, beard (no mustache) | male beard -mustache
without her usual glasses | -male -eyeglasses
without earrings and lipstick | -earrings -lipstick
without glasses and a beard | -eyeglasses beard
no beard and mustache | -beard -mustache
he doesn't wear glasses, hats or ties | male -eyeglasses -hat -necktie
removed his glasses | male -eyeglasses
takes off her hat | -male -hat
the glasses are off | -eyeglasses
her mouth is not open | -male -mouth_open
mouth not open | -mouth_open
not with a beard | -beard
no scars, tattoos or glasses | -eyeglasses
no tattoos, glasses | eyeglasses
no bangs or curls | -bangs -wavy_hair
no wrinkles, grey hair | gray_hair
lack of beard | -beard
beard is absent | -beard
there is no beard | -beard
he has a mustache but no beard | male mustache -beard
he has a mustache, not a beard | male mustache -beard
not chubby with a round face | -chubby round_face
not chubby, round face | -chubby round_face
hair isn't gray yet | -gray_hair
hasn't gone gray | -gray_hair
doesn't smile | -smiling
won't smile | -smiling
refuses to smile | -smiling
with a face that never smiles | -smiling
can't help smiling | smiling
she doesn't have black hair, she has red hair | -male -black_hair red_hair
no black hair, blond please | -black_hair blond_hair
hair: not too long | -long_hair
anything but bald | -bald
far from old | -old
except for glasses, nothing on the face | eyeglasses
man with beard and without mustache | male beard -mustache
no eyeglasses nor sunglasses | -eyeglasses -sunglasses
a young man, beard, no glasses; not smiling; no hat | young male beard -eyeglasses -smiling -hat
--no glasses, hat | -eyeglasses -hat
negative prompt: beard, glasses, hat | -beard -eyeglasses -hat
no one has a better beard | beard
"""


@pytest.mark.parametrize("text, says", rows(NEGATION))
def test_negation(text, says):
    """What is denied, what isn't."""
    assert parse(text).attributes == says


def test_the_readme_example():
    assert parse("a bearded man, no glasses").attributes == {"beard": True, "male": True, "eyeglasses": False}


def test_a_negation_is_noted_with_its_words():
    (beard,) = [m for m in parse("She has no beard.").mentions if m.attribute == "beard"]
    assert (beard.value, beard.negated, beard.words) == (False, True, "beard")


def test_a_no_of_its_own_is_not_negated():
    (hair,) = parse("short hair").mentions
    assert (hair.attribute, hair.value, hair.negated) == ("long_hair", False, False)


@pytest.mark.parametrize(
    "noun, name", [("beard", "beard"), ("glasses", "eyeglasses"), ("hat", "hat"), ("earrings", "earrings")]
)
@pytest.mark.parametrize(
    "pattern",
    "no {} | without {} | he has no {} | he doesn't have {} | he does not have any {} | he isn't wearing {} | "
    "never has {} | lacks {} | {}: none | {}? no | {} - none | {}: no | not with {} | "
    "he hasn't got {} | there is no {} | w/o {} | "
    "I can see no {} | he had no visible {} | neither {} nor a scar | free of {} | without any {} | zero {}".split(
        " | "
    ),
)
def test_every_pattern_denies(pattern, noun, name):
    assert parse(pattern.format(noun)).attributes[name] is False


@pytest.mark.parametrize(
    "tail",
    [
        ", smiling",
        ". She is smiling",
        " but smiling",
        "; smiling",
        "\nsmiling",
        " and she is smiling",
        " and is smiling",
    ],
)
def test_a_negation_ends(tail):
    read = parse("no beard" + tail).attributes
    assert read["beard"] is False and read["smiling"] is True
