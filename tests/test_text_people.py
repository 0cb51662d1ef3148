"""Who is described and how old, other people, and what must not trigger."""

from __future__ import annotations

import pytest

from facegen.reading.rules import parse
from tests.text_table import rows

PEOPLE = r"""
a woman standing next to a bald man | -male
a woman next to a bearded man with glasses | -male
her husband is bald, but she has long hair | -male long_hair
a boy with his bearded father | male young
a man and a woman, the man is bald | male bald
the woman is blonde. Her husband wears glasses. She smiles. | -male blond_hair smiling
a girl who looks like a boy | -male young
a man with his wife, he is smiling | male smiling
his daughter has red hair; he is bald | male bald
a mother of two boys with red hair | -male red_hair
my uncle, bald with a beard | male bald beard
a grandmother holding her baby | -male old
she has her mother's eyes and her father's big nose | -male big_nose
portrait of a young woman with a cat | -male young
a bride | -male
a groom | male
grandfather | male old
a teenage boy | male young
Mr Brown | male
Mrs White has black hair | -male black_hair
the suspect was white | white
a lady in red | -male
Jack Black with a beard | beard
Ginger is a cat lady | -male
a cowgirl | -male young
a craftswoman | -male
policeman with a mustache | male mustache
Suspect #1: B/M, 20s, dreads | black male young long_hair
Bob has a bob | -long_hair
a smiling man and his dog | smiling male
"""


AGES = r"""
in his fifties | male middle_aged
45-year-old | middle_aged
mid-20s | young
she is 70 | -male old
a photo from the 80s of a man in his 30s | male young
1950s style portrait of a woman | -male
a man of about sixty | male old
a sixty-year-old man | male old
woman, 25-30, slim | -male young -chubby
a 3 year old | young
late forties | middle_aged
an older gentleman | old male
elderly couple | old
a woman in her late teens | -male young
"""


NOTHING = r"""
wine glasses on the table |
black background |
white shirt |
bald eagle tattoo |
a man's best friend |
a dog, man's best friend |
holding a hat |
glasses on the desk |
Chinese restaurant |
indian summer |
blue shirt, green background, brown jacket |
red dress |
golden retriever |
grey suit |
a brown leather jacket |
straight nose |
long nose |
big eyes |
big ears |
red nose |
tall, dark and handsome |
tie-dye shirt |
a hair tie |
the Brown family |
shot on 35mm, f/1.8, 8k |
a fringe jacket |
smiling dog |
a face like thunder |
bald tire |
smile lines |
"""


@pytest.mark.parametrize("text, says", rows(PEOPLE))
def test_people(text, says):
    """Gender, roles, and other people, who don't count."""
    assert parse(text).attributes == says


@pytest.mark.parametrize("text, says", rows(AGES))
def test_ages(text, says):
    """Ages in words and numbers."""
    assert parse(text).attributes == says


@pytest.mark.parametrize("text, says", rows(NOTHING))
def test_nothing(text, says):
    """Words of the lexicon that are about no face here."""
    assert parse(text).attributes == says


@pytest.mark.parametrize(
    "text, group",
    [
        ("{}-year-old", None), ("{} years old", None), ("aged {}", None), ("he is {}", None), ("about {}, tall", None),
        ("woman, {}, glasses", None), ("age: {}", None), ("{} yo", None),
        ("a man of {} years", None), ("{}yo female", None),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "years, name", [(19, "young"), (39, "young"), (40, "middle_aged"), (59, "middle_aged"), (60, "old"), (85, "old")]
)
def test_ages_in_every_form(text, group, years, name):
    read = parse(text.format(years)).attributes
    assert {n for n in ("young", "middle_aged", "old") if read.get(n)} == {name}


@pytest.mark.parametrize(
    "text",
    [
        "85mm lens",
        "f/1.8",
        "180 lbs",
        "6 feet tall",
        "from the 60s",
        "80s hairstyle",
        "8k",
        "steps: 30, seed: 42",
        "20 years ago",
    ],
)
def test_other_numbers_are_no_ages(text):
    assert not {"young", "middle_aged", "old"} & parse(text).attributes.keys()


@pytest.mark.parametrize(
    "word", "shirt jacket background wall hat scarf dress dog car background lipstick-stain".split()
)
@pytest.mark.parametrize("color", "black white brown".split())
def test_ethnicity_is_read_from_people_only(color, word):
    read = parse(f"a {color} {word}").attributes
    assert (
        not {"black", "white", "indian", "dark_skin", "pale_skin", "black_hair", "gray_hair", "brown_hair"}
        & read.keys()
    )


@pytest.mark.parametrize(
    "text",
    ["black hair", "white hair", "black eyes", "dark skin", "pale skin", "white beard", "a black and white photo"],
)
def test_ethnicity_is_never_inferred(text):
    assert not {"black", "white", "asian", "indian", "hispanic", "middle_eastern"} & parse(text).attributes.keys()
