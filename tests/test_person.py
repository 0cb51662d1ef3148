"""Who is drawn: seeds, blends, mixes and children, as text and as codes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facegen.person import (
    MAX_SEED,
    PersonError,
    blend,
    breed,
    format_person,
    mix,
    parse_person,
    variation,
)

seeds = st.integers(0, MAX_SEED)


@pytest.mark.parametrize("seed", [-1, MAX_SEED + 1, 1.5, "seven", True])
def test_seed_out_of_range(pipe, seed):
    with pytest.raises(PersonError, match="0 to 4294967295"):
        pipe("a bearded man", seed=seed)


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(seeds, st.floats(0.01, 1), min_size=1, max_size=8))
def test_a_blend_survives_its_text_form(weights):
    person = blend([(((seed, 1.0),), weight) for seed, weight in weights.items()])
    assert parse_person(format_person(person)) == person


def test_blends_keep_the_spread_of_a_person(pipe):
    for person in (
        parse_person("7"),
        variation(parse_person("7"), 12, 0.4),
        mix(parse_person("7"), parse_person("9"), 0.5),
    ):
        code = pipe.identity(person)
        assert 0.75 < float(code.std()) < 1.25


def test_mix_ends_are_the_people_themselves():
    a, b = parse_person("7"), parse_person("9")
    for child in (a, *(c for seed in range(40) for c in breed([a, b], 9, seed))):  # also those of rounded weights
        assert mix(child, b, 0) == mix(b, child, 1) == variation(child, 5, 0) == child


def test_breeding_keeps_the_parents_and_is_repeatable():
    parents = [parse_person("7"), parse_person("9")]
    children = breed(parents, 9, seed=4)
    assert len(children) == 9 and children[:2] == parents
    assert len({format_person(c) for c in children}) == 9
    assert breed(parents, 9, seed=4) == children != breed(parents, 9, seed=5)


@pytest.mark.parametrize(
    "text", ["", "seven", "7*", "-1", "7*-1", "7*0", str(MAX_SEED + 1), "+".join(map(str, range(80)))]
)
def test_unreadable_people(text):
    with pytest.raises(PersonError):
        parse_person(text)
