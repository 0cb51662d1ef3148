"""The vocabulary: every attribute that a description can set, in one table.

The parser, the check boxes, the model's input, the data readers and the tests are all derived from
`VOCABULARY`; adding an attribute is adding one line there (and its words to `lexicon.json`).

An attribute is tri-state: yes (True), no (False) or not said (absent). Not said is a real input of the
model, which is trained with attributes dropped at random; it never means "no".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from facegen.errors import UserError

YES, NO, NOT_SAID = 1.0, -1.0, 0.0
DEGREE = 0.25  # what one degree ("very" is two) adds to a plain yes
DEGREES = {"hardly": -2, "slightly": -1, "clearly": 1, "very": 2}  # of a yes by hand
Override = bool | str  # yes, no, or a yes of one of these degrees
MAX_NAME = 40  # characters of an attribute's name; a longer one isn't looked at


class VocabularyError(UserError):
    """A user's mistake about attributes: an unknown name, a bad value, or a contradiction."""


@dataclass(frozen=True)
class Group:
    """Attributes that belong together. In an exclusive group, yes to one is no to the rest."""

    name: str
    label: str
    exclusive: bool = False


@dataclass(frozen=True)
class Attribute:
    """One attribute and where each data set keeps it.

    Args:
        name: what code, files and the API call it.
        label: what people read.
        group: the name of its `Group`.
        columns: data set -> column. A leading "-" inverts the column (CelebA's "No_Beard").
        main: shown at once in the app rather than behind "more attributes".
    """

    name: str
    label: str
    group: str
    columns: Mapping[str, str] = field(default_factory=dict)
    main: bool = False


GROUPS: tuple[Group, ...] = (
    Group("gender", "Gender"),
    Group("age", "Age", exclusive=True),
    Group("face_shape", "Face shape", exclusive=True),
    Group("hair_color", "Hair color", exclusive=True),
    Group("hair", "Hair"),
    Group("eyewear", "Eyewear"),
    Group("facial_hair", "Facial hair"),
    Group("expression", "Expression"),
    Group("pose", "Pose", exclusive=True),
    Group("features", "Features"),
    Group("worn", "Worn"),
    Group("ethnicity", "Ethnicity"),
    Group("eye_color", "Eye color", exclusive=True),
)


def _row(name: str, label: str, group: str, celeba: str = "", pubfig: str = "", main: bool = False) -> Attribute:
    columns = {k: v for k, v in (("celeba", celeba), ("pubfig", pubfig)) if v}
    return Attribute(name, label, group, columns, main)


# CelebA: Liu et al. 2015, 40 columns of -1/1. PubFig and LFW: Kumar et al. 2009, 73 real-valued columns,
# yes where positive. CelebA's "Attractive" and "Blurry" are left out on purpose.
VOCABULARY: tuple[Attribute, ...] = (
    _row("male", "male", "gender", "Male", "Male", main=True),
    _row("young", "young", "age", "Young", "Youth", main=True),
    _row("middle_aged", "middle-aged", "age", "", "Middle Aged", main=True),
    _row("old", "old", "age", "", "Senior", main=True),
    _row("oval_face", "oval face", "face_shape", "Oval_Face", "Oval Face"),
    _row("round_face", "round face", "face_shape", "", "Round Face"),
    _row("square_face", "square face", "face_shape", "", "Square Face"),
    _row("oblong_face", "oblong face", "face_shape"),
    _row("black_hair", "black hair", "hair_color", "Black_Hair", "Black Hair", main=True),
    _row("brown_hair", "brown hair", "hair_color", "Brown_Hair", "Brown Hair", main=True),
    _row("blond_hair", "blond hair", "hair_color", "Blond_Hair", "Blond Hair", main=True),
    _row("gray_hair", "gray hair", "hair_color", "Gray_Hair", "Gray Hair", main=True),
    _row("red_hair", "red hair", "hair_color"),
    _row("bald", "bald", "hair", "Bald", "Bald", main=True),
    _row("bangs", "bangs", "hair", "Bangs", "Bangs", main=True),
    _row("receding_hairline", "receding hairline", "hair", "Receding_Hairline", "Receding Hairline"),
    _row("wavy_hair", "wavy hair", "hair", "Wavy_Hair", "Wavy Hair", main=True),
    _row("straight_hair", "straight hair", "hair", "Straight_Hair", "Straight Hair"),
    _row("long_hair", "long hair", "hair", main=True),
    _row("eyeglasses", "eyeglasses", "eyewear", "Eyeglasses", "Eyeglasses", main=True),
    _row("sunglasses", "sunglasses", "eyewear", "", "Sunglasses", main=True),
    _row("beard", "beard", "facial_hair", "-No_Beard", "-No Beard", main=True),
    _row("mustache", "mustache", "facial_hair", "Mustache", "Mustache", main=True),
    _row("goatee", "goatee", "facial_hair", "Goatee", "Goatee"),
    _row("sideburns", "sideburns", "facial_hair", "Sideburns", "Sideburns"),
    _row("stubble", "stubble", "facial_hair", "5_o_Clock_Shadow", "5 o' Clock Shadow"),
    _row("smiling", "smiling", "expression", "Smiling", "Smiling", main=True),
    _row("mouth_open", "mouth open", "expression", "Mouth_Slightly_Open", "-Mouth Closed"),
    _row("facing_front", "facing front", "pose", main=True),
    _row("facing_left", "facing left", "pose", main=True),
    _row("facing_right", "facing right", "pose", main=True),
    _row("arched_eyebrows", "arched eyebrows", "features", "Arched_Eyebrows", "Arched Eyebrows"),
    _row("bushy_eyebrows", "bushy eyebrows", "features", "Bushy_Eyebrows", "Bushy Eyebrows"),
    _row("narrow_eyes", "narrow eyes", "features", "Narrow_Eyes", "Narrow Eyes"),
    _row("bags_under_eyes", "bags under the eyes", "features", "Bags_Under_Eyes", "Bags Under Eyes"),
    _row("big_nose", "big nose", "features", "Big_Nose", "Big Nose"),
    _row("pointy_nose", "pointy nose", "features", "Pointy_Nose", "Pointy Nose"),
    _row("big_lips", "full lips", "features", "Big_Lips", "Big Lips"),
    _row("high_cheekbones", "high cheekbones", "features", "High_Cheekbones", "High Cheekbones"),
    _row("rosy_cheeks", "rosy cheeks", "features", "Rosy_Cheeks", "Rosy Cheeks"),
    _row("double_chin", "double chin", "features", "Double_Chin", "Double Chin"),
    _row("chubby", "chubby", "features", "Chubby", "Chubby"),
    _row("pale_skin", "pale skin", "features", "Pale_Skin", "Pale Skin"),
    _row("dark_skin", "dark skin", "features"),
    _row("heavy_makeup", "heavy make-up", "worn", "Heavy_Makeup", "Heavy Makeup", main=True),
    _row("lipstick", "lipstick", "worn", "Wearing_Lipstick", "Wearing Lipstick"),
    _row("hat", "hat", "worn", "Wearing_Hat", "Wearing Hat", main=True),
    _row("earrings", "earrings", "worn", "Wearing_Earrings", "Wearing Earrings"),
    _row("necklace", "necklace", "worn", "Wearing_Necklace", "Wearing Necklace"),
    _row("necktie", "necktie", "worn", "Wearing_Necktie", "Wearing Necktie"),
    _row("asian", "Asian", "ethnicity", "", "Asian"),
    _row("black", "Black", "ethnicity", "", "Black"),
    _row("white", "white", "ethnicity", "", "White"),
    _row("indian", "Indian", "ethnicity", "", "Indian"),
    _row("hispanic", "Hispanic", "ethnicity"),
    _row("middle_eastern", "Middle Eastern", "ethnicity"),
    _row("brown_eyes", "brown eyes", "eye_color", "", "Brown Eyes"),
    _row("blue_eyes", "blue eyes", "eye_color"),
    _row("green_eyes", "green eyes", "eye_color"),
    _row("black_eyes", "black eyes", "eye_color"),
)

BY_NAME: dict[str, Attribute] = {a.name: a for a in VOCABULARY}
NAMES: tuple[str, ...] = tuple(BY_NAME)
GROUP_BY_NAME: dict[str, Group] = {g.name: g for g in GROUPS}


# What a mirror makes of an attribute; left and right are the image's, as its viewer sees them.
MIRRORED: dict[str, str] = {"facing_left": "facing_right", "facing_right": "facing_left"}


def members(group: str) -> tuple[str, ...]:
    """Names of the attributes in a group, in the vocabulary's order."""
    return tuple(a.name for a in VOCABULARY if a.group == group)


def rivals(name: str) -> tuple[str, ...]:
    """The attributes that yes to `name` rules out: the rest of its exclusive group, else none."""
    group = GROUP_BY_NAME[BY_NAME[name].group]
    return tuple(n for n in members(group.name) if n != name) if group.exclusive else ()


# Knowledge about attributes that measuring and training share.
FACIAL_HAIR = members("facial_hair")
MAKEUP = ("heavy_makeup", "lipstick")
# Seen in most photographs, and common enough to be measured.
MEASURED = (
    "male", "young", "black_hair", "brown_hair", "blond_hair", "gray_hair", "bald", "bangs", "eyeglasses", "beard",
    "mustache", "smiling", "wavy_hair", "hat", "heavy_makeup", "pale_skin",
)  # fmt: skip
# Asked for together though photographs seldom show it; from labels that annotators seldom get wrong.
TELLING = (
    "male", "young", "old", "black_hair", "brown_hair", "blond_hair", "gray_hair", "bald", "bangs", "long_hair",
    "eyeglasses", "sunglasses", "smiling", "hat", "heavy_makeup",
)  # fmt: skip
# By meaning, not by how often they go together: gray hair and age are not tied, and a woman with a hat is still a
# woman.
TIES: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (FACIAL_HAIR, FACIAL_HAIR),  # a beard has most of the others in it
    (MAKEUP, MAKEUP),
    (("eyeglasses",), ("sunglasses",)),
    (("bald",), (*members("hair_color"), *members("hair"))),  # what is said of hair that isn't there
    (("hat",), members("hair")),  # what a hat hides
    (("wavy_hair",), ("straight_hair",)),
    (("smiling",), ("high_cheekbones", "mouth_open")),  # CelebA's cheekbones are those of a smile
    (("pale_skin",), ("dark_skin", "black")),
    (("dark_skin",), ("black",)),
    (("chubby",), ("double_chin", *members("face_shape"))),
)


def tied(name: str) -> set[str]:
    """The attributes that can't be expected to stay when `name` is flipped: its exclusive group, and what it implies.

    Both ways but for gender: a man who becomes a woman loses his beard, but one who shaves stays a man.
    """
    found = set(rivals(name))
    if name == "male":  # the photographs have no bearded women, and next to no men in make-up
        found |= {*FACIAL_HAIR, *MAKEUP}
    for some, others in TIES:
        found |= {*(others if name in some else ()), *(some if name in others else ())}
    return found - {name}


def check(attributes: Mapping[str, Override]) -> None:
    """`VocabularyError` for an unknown name, a value that is no `Override`, or two yeses in one exclusive group."""
    for name, value in attributes.items():
        _check_name(name)
        if not isinstance(value, bool) and not (isinstance(value, str) and value in DEGREES):
            raise VocabularyError(
                f"{name} = {repr(value)[:MAX_NAME]}: an attribute is True (yes), False (no) or left out (not said); a "
                f"yes by hand may be {', '.join(DEGREES)}"
            )
    for group in GROUPS:
        yes = [n for n in members(group.name) if attributes.get(n)]
        if group.exclusive and len(yes) > 1:
            raise VocabularyError(f"{' and '.join(yes)} contradict each other: {group.label.lower()} takes one yes")


def _check_name(name: object) -> None:
    if not isinstance(name, str) or name not in BY_NAME:
        known = f"known are {', '.join(NAMES)}"
        told = _suggest(name) if isinstance(name, str) and len(name) <= MAX_NAME else known
        raise VocabularyError(f"unknown attribute {str(name)[:MAX_NAME]!r}: {told}")


def _suggest(name: str) -> str:
    from rapidfuzz import process  # only on an error: the app's start-up is spared the import

    close = [match for match, score, _ in process.extract(name, NAMES, limit=3) if score > 60]
    return f"did you mean {' or '.join(close)}?" if close else f"known are {', '.join(NAMES)}"


def complete(attributes: Mapping[str, bool]) -> dict[str, bool]:
    """What the given attributes say, with the noes that a yes in an exclusive group stands for."""
    full = dict(attributes)
    for name, value in attributes.items():
        if value:
            full.update({rival: False for rival in rivals(name) if rival not in attributes})
    return full


def merge(described: Mapping[str, bool], overrides: Mapping[str, Override]) -> dict[str, bool]:
    """Overrides laid over a description, as yes or no; for their degrees see `degrees_of`."""
    return {name: bool(value) for name, value in laid_over(described, overrides).items()}


def laid_over(under: Mapping[str, Override], overrides: Mapping[str, Override]) -> dict[str, Override]:
    """Overrides laid over others or over a description: they win, and a yes clears the yeses it rules out."""
    check(overrides)
    merged = dict(under)
    for name, value in overrides.items():
        if value:
            for rival in rivals(name):
                if merged.get(rival):
                    del merged[rival]
    merged.update(overrides)
    return merged


def degrees_of(overrides: Mapping[str, Override]) -> dict[str, int]:
    """-2 .. +2 for those that carry a degree."""
    return {name: DEGREES[value] for name, value in overrides.items() if isinstance(value, str)}


def with_degrees(attributes: Mapping[str, bool], degrees: Mapping[str, int]) -> dict[str, Override]:
    """Attributes as overrides: a yes of a degree, -2 .. +2, as that degree's word."""
    words = {degree: word for word, degree in DEGREES.items()}
    return {name: words.get(degrees.get(name, 0), True) if value else False for name, value in attributes.items()}


def encode(
    attributes: Mapping[str, bool], names: Iterable[str] = NAMES, degrees: Mapping[str, int] | None = None
) -> list[float]:
    """The model's input: +1 yes, -1 no, 0 not said, one number for each of `names` (exclusive groups completed).

    A yes of a degree, -2 .. +2, is moved by `DEGREE` for each: 0.5 hardly, 1.5 very.
    """
    check(attributes)
    full, degrees = complete(attributes), degrees or {}
    return [NOT_SAID if n not in full else YES + DEGREE * degrees.get(n, 0) if full[n] else NO for n in names]


def decode(values: Iterable[float], names: Iterable[str] = NAMES) -> dict[str, bool]:
    """The inverse of `encode`, rivals' noes included; zeros are left out."""
    return {n: v > 0 for n, v in zip(names, values, strict=True) if v != NOT_SAID}


def spoken(attributes: Mapping[str, bool], most: int = 12) -> str:
    """Attributes as a description: "man, black hair, no beard". Noes that a yes of their group stands for stay unsaid.

    Args:
        most: attributes, at most.
    """
    gender = {True: ["man"], False: ["woman"], None: []}[attributes.get("male")]
    others = {name: value for name, value in attributes.items() if name != "male"}
    said = [BY_NAME[name].label for name, value in others.items() if value]
    exclusive = {name for name in others if GROUP_BY_NAME[BY_NAME[name].group].exclusive}
    denied = [f"no {BY_NAME[name].label}" for name, value in others.items() if not value and name not in exclusive]
    return ", ".join([*gender, *said, *denied][:most])


def parse_override(text: str) -> tuple[str, Override | None]:
    """Read "name=yes", "name=no", "name=auto" (leave it to the text) or a degree such as "name=very".

    Raises `VocabularyError`.
    """
    name, separator, value = (part.strip() for part in text.partition("="))
    states: dict[str, Override | None] = {"yes": True, "no": False, "auto": None, **{word: word for word in DEGREES}}
    if not separator or value.lower() not in states:
        raise VocabularyError(
            f"{text[:80]!r} is no override: write name=yes, name=no or name=auto, or a degree: {', '.join(DEGREES)}"
        )
    _check_name(name)
    return name, states[value.lower()]
