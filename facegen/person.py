"""Who is drawn: a person is a seed, or a blend of seeds written as "7*0.94+12*0.34".

A seed names a standard normal identity code, and a weighted sum of such codes, scaled to unit variance, is standard
normal again: variations, mixes and offspring are therefore people in their own right, and a short line of text
restores each of them. (Weighting by w / sqrt(sum w^2) is the spherical interpolation of Shoemake 1985, for codes
that are nearly orthogonal, as high-dimensional noise is.)
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable, Sequence

from facegen.errors import UserError

MAX_SEED = 2**32 - 1
MAX_TERMS = 64  # a breeding line keeps its strongest ancestors

Person = tuple[tuple[int, float], ...]


class PersonError(UserError):
    """A seed out of range, or a blend that can't be read."""


def check_seed(seed: object) -> int:
    """A seed as an int of 0..2**32-1, or `PersonError`."""
    if isinstance(seed, float) and seed.is_integer():
        seed = int(seed)
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= MAX_SEED:
        if isinstance(seed, int) and not isinstance(seed, bool):
            said = f"{seed} is out of range" if abs(seed) < 10**40 else "of so many digits is out of range"
        else:
            said = f"{repr(seed)[:60]} is no seed"
        raise PersonError(f"seed {said}: a seed is a whole number from 0 to {MAX_SEED}")
    return seed


def parse_person(text: str | int) -> Person:
    """Read "7" or "7*0.94+12*0.34"; `PersonError` in one sentence where it is neither."""
    terms: dict[int, float] = {}
    for part in str(text).replace(" ", "").split("+"):
        match = re.fullmatch(r"(\d{1,10})(?:\*(\d{1,3}(?:\.\d{1,6})?))?", part)
        if not match:
            said = repr(str(text)[:60])
            raise PersonError(f"{said} is no person: write a seed such as 7, or a blend such as 7*0.94+12*0.34")
        seed = check_seed(int(match[1]))
        terms[seed] = terms.get(seed, 0.0) + float(match[2] or 1)
    if len(terms) > MAX_TERMS:
        raise PersonError(f"a blend of {len(terms)} seeds is too long: at most {MAX_TERMS}")
    if not any(terms.values()):
        raise PersonError(f"{text!r} is no person: at least one weight must be above 0")
    person = tuple(sorted((s, w) for s, w in terms.items() if w))
    return person if len(person) > 1 else ((person[0][0], 1.0),)


def format_person(person: Person) -> str:
    """The line that `parse_person` reads back."""
    return str(person[0][0]) if len(person) == 1 else "+".join(f"{seed}*{weight:.4f}" for seed, weight in person)


def blend(parents: Sequence[tuple[Person, float]]) -> Person:
    """The person of weighted parents; weights are rounded so that the text form is exact."""
    terms: dict[int, float] = {}
    for person, share in parents:
        for seed, weight in person:
            terms[seed] = terms.get(seed, 0.0) + share * weight
    kept = sorted(terms.items(), key=lambda term: -term[1])[:MAX_TERMS]
    norm = math.sqrt(sum(weight**2 for _, weight in kept))
    person = tuple(sorted((s, round(w / norm, 4)) for s, w in kept if round(w / norm, 4)))
    return person if len(person) > 1 else ((person[0][0], 1.0),)


def variation(person: Person, seed: int, distance: float) -> Person:
    """A person near another: 0 is the same, 1 is the stranger `seed`."""
    return mix(person, ((check_seed(seed), 1.0),), distance)


def mix(a: Person, b: Person, share: float) -> Person:
    """Between two people: share 0 is `a`, 1 is `b`; along the arc, so that the middle is as lively as the ends."""
    if share <= 0 or share >= 1:  # as they are written: a blend of one would round its weights once more
        return a if share <= 0 else b
    angle = share * math.pi / 2
    return blend([(a, math.cos(angle)), (b, math.sin(angle))])


def breed(parents: Sequence[Person], n: int, seed: int, mutation: float = 0.45) -> list[Person]:
    """The next n people from chosen ones (after EvoFIT, Frowd et al. 2004: recombine the codes, then mutate).

    The first are the parents themselves, so that a good face is never lost; each other takes random shares of the
    parents and a step of `mutation` towards a stranger.
    """
    if not parents:
        raise PersonError("mark at least one face to breed from")
    draw = random.Random(seed)
    children = list(parents[: n - 1])
    while len(children) < n:
        shares = [draw.random() + 0.05 for _ in parents]
        child = blend(list(zip(parents, shares, strict=True)))
        children.append(variation(child, draw.randrange(MAX_SEED + 1), mutation))
    return children


def code(person: Person, codes: Callable[[Sequence[int]], object]):
    """The identity code (1, d) of a person; `codes` gives a (n, d) tensor of n seeds."""
    import torch

    weights = torch.tensor([weight for _, weight in person], dtype=torch.float32)
    return (weights / weights.norm())[None] @ codes([seed for seed, _ in person])


def stranger(seed: int, i: int) -> int:
    """The i-th of a fixed row of seeds, told apart by `seed`."""
    return (check_seed(seed) * 1_000_003 + i + 1) % (MAX_SEED + 1)
