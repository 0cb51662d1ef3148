"""What people type where they do this work: codes, forms, orders, slang, ages, novels, corrections, other languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from facegen.reading.rules import parse
from tests.text_table import rows

CODES = r"""
B/M brd, dk complexion | black male beard dark_skin
hispanic male BLK hair BRO eyes | hispanic male black_hair brown_eyes
W/F, GRY hair, HAZ eyes, glasses | white -male gray_hair eyeglasses
H/M 30 yoa, mous, clnshvn otherwise, med comp | hispanic male young mustache -beard -goatee -stubble
A/M BLK/BRO, 5'7, slim bld | asian male black_hair brown_eyes -chubby
SWM, 45, beard | white male middle_aged beard
GAM with glasses | asian male eyeglasses
DBF 62 loves dancing | black -male old
RAC W SEX F HAI RED EYE GRN | white -male red_hair green_eyes
RACE: B SEX: M HAIR: BAL EYES: BRO | black male bald brown_eyes
S2: W/M, 20s, brn hr, drk glasses | white male young brown_hair sunglasses
"""

FORMS = r"""
hat no, glasses yes | -hat eyeglasses
glasses [ ] beard [x] | -eyeglasses beard
[x] glasses [ ] hat | eyeglasses -hat
beard: 0\nmustache: 1 | -beard mustache
Eyeglasses=-1, Smiling=1, Male=-1 | -eyeglasses smiling -male
{"beard": true, "hat": false} | beard -hat
beard: true\nglasses: false\nbald: false | beard -eyeglasses -bald
✓ beard ✗ hat | beard -hat
☑ glasses ☐ mustache | eyeglasses -mustache
+ glasses + beard - hat | eyeglasses beard -hat
beard;no\nhat;yes | -beard hat
| glasses | no |\n| hat | yes | | -eyeglasses hat
Beard: N, Mustache: Y | -beard mustache
bald? no glasses? yes | -bald eyeglasses
No_Beard: 0 | beard
No_Beard=1, Wearing_Necktie=0 | -beard -necktie
"""

ORDERS = r"""
take off his glasses | male -eyeglasses
shave the mustache | -mustache
take the hat off | -hat
lose the earrings | -earrings
remove the lipstick | -lipstick
give him a goatee | male goatee
add glasses, drop the tie | eyeglasses -necktie
swap the hat for glasses | -hat eyeglasses
replace her glasses with sunglasses | -male -eyeglasses sunglasses
make her older | old -male
stop smiling | -smiling
scratch the hat | -hat
keep the beard, ditch the hat | beard -hat
shave him | male -beard -mustache -goatee -stubble
close your mouth | -mouth_open
the glasses have to go | -eyeglasses
"""

RARE = r"""
a ring in each ear | earrings
rings in both ears | earrings
beard rash |
a hat rack |
a razor burn on his neck | male
a bloke with a soup strainer | male mustache
he has a lid on | male hat
full beat and red lippy | heavy_makeup lipstick
she wears a lob | -male
a beard trimmer |
a big old conk | big_nose
"""

THINGS = r"""
chunky necklace | necklace
face full of freckles |
a man with a fat wallet | male
a slim tie | necktie
a woman in a chunky sweater | -male
thin gold chain | necklace
a heavy coat |
a mouth full of teeth |
"""

AGES = r"""
a man of thirty | male young
man 50-55 | male middle_aged
a woman of sixty-five | -male old
boy of ten | male young
pushing eighty | old
she turned forty last spring | -male middle_aged
in the neighborhood of 75 | old
not a day over thirty | young
fifty if he's a day | male middle_aged
male 18 to 22 | male young
"""

LITERARY = r"""
nobody would call him young | male -young
a mouth which never closes | mouth_open
no one could have called her old | -male -old
nobody would have called him fat | male -chubby
her lips never met | -male mouth_open
not what you would call young | -young
time had silvered her hair | -male gray_hair
by no means bald | -bald
"""

NO_LONGER = r"""
the beard is gone now | -beard
his cap was on the seat beside him | male
the mustache is history | -mustache
her glasses lay on the desk | -male
his hat hung on the peg | male
a beard he had in the photo but not now | male -beard
the goatee came off | -goatee
she seldom smiles | -male -smiling
not bald anymore | -bald
"""

OTHERS = r"""
Ignore the bald man in front; the one we want has red hair. | red_hair
The other passenger wore a hat; she had none. | -male -hat
Most men wear beards; he does not. | male -beard
Women usually have long hair, this one is bald. | bald
Forget the guy with the hat. She has green eyes. | -male green_eyes
Her boyfriend has glasses, she doesn't. | -male -eyeglasses
Other girls wear make-up. She never does. | -male -heavy_makeup
"""

REACH = r"""
no hat smiling blue eyes | -hat smiling blue_eyes
clean shaven glasses | -beard -mustache -goatee -stubble eyeglasses
no beard smiling brown eyes | -beard smiling brown_eyes
without glasses long hair | -eyeglasses long_hair
no necktie thick beard | -necktie beard
no makeup freckles blond hair | -heavy_makeup blond_hair
"""

CORRECTIONS = r"""
black hair. Correction: brown | brown_hair
she, I mean he, has a beard | male beard
long hair. No, short. | -long_hair
green eyes. Strike that. Brown eyes. | brown_eyes
he, sorry, she is blond | -male blond_hair
a mustache, no wait, a goatee | goatee
I thought it was a boy at first but it's a girl | -male young
"""

COLORS = r"""
eyes of green color | green_eyes
curls of black color | wavy_hair black_hair
hair of a deep red | red_hair
eyes of pale blue | blue_eyes
locks of gold | blond_hair
eyes the color of emeralds | green_eyes
White, female, long pink hair | white -male long_hair
"""

NEGATED_HAIR = r"""
doesn't cut his hair | male
no hair in his eyes | male
he never combs his hair | male
no hair out of place |
she doesn't dye her hair | -male
won't let anyone touch his hair | male
"""

APOSTROPHES = r"""
hes bald | male bald
shes wearing a hat | -male hat
shes blond and doesnt smile | -male blond_hair -smiling
hes got a goatee | male goatee
theyre wearing glasses | eyeglasses
"""

OLDER_SET = r"""
a headscarf | hat
a barefaced man | male -beard -mustache -goatee -stubble
an old sman with glasses | old male eyeglasses
a ASIAN women, wearing neckless | asian -male necklace
a person having male and female characteristics |
could not stop smiling | smiling
"""

# More of all kinds, "text | what it says" a line.
MORE = (Path(__file__).parent / "data/field_rows.txt").read_text(encoding="utf-8")

LANGUAGES = r"""
pelo negro | black_hair
longue barbe | beard
una mujer joven con pelo rubio y ojos azules | -male young blond_hair blue_eyes
un hombre calvo sin gafas | male bald -eyeglasses
ein alter Mann mit Bart und Brille | old male beard eyeglasses
eine Frau mit grünen Augen, kein Hut | -male green_eyes -hat
une femme aux cheveux longs, sans lunettes | -male long_hair -eyeglasses
l'homme a une moustache et un chapeau | male mustache hat
mujer de 65 años | -male old
"""

UNREADABLE = r"""
uomo con la barba e i capelli neri | Italian
een man met een bril en blond haar | Dutch
mężczyzna z brodą | Polish
мужчина с бородой | Russian or another language in Cyrillic script
黒い髪の女性 | Japanese
homem com barba e óculos | Portuguese
"""


@pytest.mark.parametrize(
    "text, says",
    [
        row
        for table in (
            CODES, FORMS, ORDERS, RARE, THINGS, AGES, LITERARY, NO_LONGER, OTHERS, REACH, CORRECTIONS, COLORS,
            NEGATED_HAIR, APOSTROPHES, OLDER_SET, MORE, LANGUAGES,
        )
        for row in rows(table)
    ],
)  # fmt: skip
def test_as_people_type(text, says):
    assert parse(text).attributes == says


@pytest.mark.parametrize("line", UNREADABLE.strip().splitlines())
def test_a_language_that_is_not_read_is_told(line):
    text, language = (part.strip() for part in line.split("|"))
    reading = parse(text)
    assert (reading.language, reading.attributes) == (language, {})
    assert reading.unused and reading.to_dict()["language"] == language
