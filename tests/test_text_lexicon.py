"""The lexicon file: no phrase has two meanings, every attribute has synonyms, every phrase is read as the file says."""

from __future__ import annotations

import json
from collections import defaultdict

import pytest

from facegen import attributes
from facegen.reading.lexicon import PATH, Lexicon, LexiconError, lexicon
from facegen.reading.rules import parse
from facegen.reading.typos import PROTECTED_PATH, near

DATA = json.loads(PATH.read_text(encoding="utf-8"))
# Phrases that follow their noun ("hair down to the waist"), so that "X hair" is no English.
_BEHIND = frozenset(
    "in like to down past over as that middle well beyond below on about around above barely pulled tied streaked "
    "flecked peppered shot color cut".split()
)


FIELDS = {"rare", "says", "of", "is", "sure", "negated", "of_things", "relative", "words"}


def copy() -> dict:
    return json.loads(json.dumps(DATA))


@pytest.mark.parametrize(
    "of, other",
    [
        ({}, {"says": {"hat": True}, "words": ["Bearded"]}),
        ({"of": "hair"}, {"says": {"bald": True}, "of": "hair", "words": ["LONG"]}),
    ],
)
def test_a_phrase_with_two_meanings_is_refused(of, other):
    data = copy()
    data["meanings"].append(other)
    with pytest.raises(LexiconError, match="two meanings"):
        Lexicon(data)


def test_a_phrase_that_is_also_grammar_is_refused():
    data = copy()
    data["cues"][0]["words"].append("bearded")
    with pytest.raises(LexiconError, match="bearded"):
        Lexicon(data)


def test_the_file_itself_has_no_such_phrase():
    Lexicon(DATA)


def test_records_are_in_order():
    for record in DATA["meanings"]:
        assert record["words"] and set(record) <= FIELDS, record
        assert set(record["says"]) | set(record.get("negated", {})) <= set(attributes.NAMES)
        assert 0 < record.get("sure", 0.95) <= 1


def test_every_attribute_has_synonyms():
    words = defaultdict(set)
    for record in DATA["meanings"]:
        for name, value in record["says"].items():
            if value:
                words[name].update(record["words"])
    assert {name for name in attributes.NAMES if len(words[name]) < 4} == set()


def _phrases():
    for record in DATA["meanings"]:
        if not record["says"]:
            continue
        for word in record["words"]:
            word = word.replace("~", "the")
            yield record, word


def _texts(record: dict, word: str) -> list[str]:
    part = record.get("of")
    if part == "sex":
        return [f"sex: {word}"]
    if part and word.split()[0] in _BEHIND:
        return [f"{part} is {word}"]
    if part:
        return [f"{word} {part}", f"the {part} is {word}", f"{part}: {word}"]
    if record.get("is") == "person":
        return [f"a {'Miss' if word == 'miss' else word}"]
    return [f"a person with {word}" if "is" in record else f"a person, {word}"]


def test_every_phrase_is_read_as_the_lexicon_says():
    wrong = []
    for record, word in _phrases():
        for text in _texts(record, word):
            read = parse(text).attributes
            if any(read.get(name) is not value for name, value in record["says"].items()):
                wrong.append((text, record["says"], read))
    assert wrong == []


def test_every_phrase_can_be_denied():
    """ "no long hair", "hair: not long", "not bearded", "without a hat": a yes becomes a no (or what the record's
    `negated` says)."""
    wrong = []
    for record, word in _phrases():
        yes = [name for name, value in record["says"].items() if value]
        if (
            not yes
            or record.get("is") == "person"
            or "male" in record["says"]
            or record.get("rare")  # figures of speech, which nobody denies word by word
            or word.split()[0] in ("no", "not", "without", "hasn't", "longer")  # "no longer hair" is another thing
        ):
            continue
        if record.get("of") and word.split()[0] in _BEHIND:
            text = f"the {record['of']} is not {word}"
        elif record.get("of"):
            text = f"{record['of']}: not {word}" if record["of"] == "person" else f"no {word} {record['of']}"
        else:
            text = f"without {word}" if "is" in record else f"not {word}"
        read = parse(text).attributes
        expected = record.get("negated", dict.fromkeys(yes, False))
        if record.get("is") == "hair" and "negated" in record:
            continue
        if any(read.get(name) is not value for name, value in expected.items()):
            wrong.append((text, expected, read))
    assert wrong == []


def test_real_words_are_protected_from_correction():
    protected = set(json.loads(PROTECTED_PATH.read_text(encoding="utf-8"))["words"])
    words = {
        "bread",
        "bold",
        "beast",
        "board",
        "moan",
        "fears",
        "scare",
        "clean",
        "grace",
        "stumble",
        "bangle",
        "house",
    }
    assert set(near(words, lexicon().worth)) <= protected
    for word in sorted(words):
        assert parse(f"a {word}").attributes == {}, word


@pytest.mark.parametrize(
    "typed, says",
    [
        ("a beared man", {"beard": True, "male": True}),
        ("mustashe", {"mustache": True}),
        ("eyeglases", {"eyeglasses": True}),
        ("sunglases", {"sunglasses": True}),
        ("smilling", {"smiling": True}),
        ("blnode hiar", {"blond_hair": True}),
        ("a yuong woman", {"young": True, "male": False}),
        ("looooong hair", {"long_hair": True}),
        ("withuot earings", {"earrings": False}),
        ("chubbby", {"chubby": True}),
        ("elderlly", {"old": True}),
        ("eyebrows are bushey", {"bushy_eyebrows": True}),
        ("MOUSTACHE", {"mustache": True}),
        ("grey-haired", {"gray_hair": True}),
        ("long_hair, blue_eyes", {"long_hair": True, "blue_eyes": True}),
    ],
)
def test_spellings(typed, says):
    assert {k: v for k, v in parse(typed).attributes.items() if k in says} == says


ETHNICITIES = set(attributes.members("ethnicity"))
PLACES = "china japan korea india mexico spain brazil nigeria kenya egypt turkey iran africa asia europe arabia".split()
TONGUES = "english spanish german french chinese japanese korean hindi arabic portuguese russian turkish".split()


def test_ethnicity_never_comes_from_hair_eyes_or_skin():
    """Over all words that the lexicon has for a part of the body: none says anything of an ethnicity."""
    parts = {record["of"] for record in DATA["meanings"] if "of" in record} - {"person", "sex", "race"}
    for record in DATA["meanings"]:
        if record.get("of") not in parts:
            continue
        assert not ETHNICITIES & set(record["says"]), record
        for word in record["words"]:
            word = word.replace("~", "the")
            part = record["of"]
            for text in (f"{word} {part}", f"a person whose {part} is {word}", f"{part}: {word}"):
                assert not ETHNICITIES & parse(text).attributes.keys(), text


@pytest.mark.parametrize("name", PLACES)
def test_ethnicity_never_comes_from_a_country(name):
    for text in ("a man from {}", "she lives in {}", "a woman born in {}, black hair", "he traveled to {}"):
        assert not ETHNICITIES & parse(text.format(name.capitalize())).attributes.keys()


@pytest.mark.parametrize("name", TONGUES)
def test_ethnicity_never_comes_from_a_language(name):
    for text in ("he speaks {}", "a {}-speaking woman", "she reads {} books", "a man with a {} accent", "in {}"):
        assert not ETHNICITIES & parse(text.format(name.capitalize())).attributes.keys(), text


@pytest.mark.parametrize("code", ["es", "de", "fr"])
def test_ethnicity_never_comes_from_hair_or_eyes_in_other_languages(code):
    data = json.loads((PATH.parent / "languages" / f"{code}.json").read_text(encoding="utf-8"))
    words = data["words"]
    colors = [w for e in ("black", "white", "brown", "blond", "gray", "red", "dark", "light") for w in words.get(e, [])]
    for part in (*words["hair"], *words["eyes"], *words["beard"], *words["skin"]):
        for color in colors:
            text = f"{part.removesuffix('-')} {color.removesuffix('-')}"
            assert not ETHNICITIES & parse(text).attributes.keys(), text
