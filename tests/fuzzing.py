"""What the fuzz tests are made of: settings of Hypothesis, and what people and programs might send.

FACEGEN_FUZZ is the number of examples a test; the default is quick, and always the same.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from facegen.attributes import NAMES
from facegen.reading.lexicon import lexicon

EXAMPLES = int(os.environ.get("FACEGEN_FUZZ", 25))
anything = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))
fuzzed = settings(anything, max_examples=EXAMPLES, derandomize="FACEGEN_FUZZ" not in os.environ)
as_it_comes = [Phase.generate]  # a request that fails is told as it was: making it small takes minutes

ODD = ["\x00", "\x1b[31m", "\u202e", "\ud7ff", "ﷺ", "🧔🏽‍♂️", "<b>", "'\"", "\\", "\r\n", "%00", "İ", "ß"]
ODD += ["no", "not", "without", ",", "."]
WORDS = sorted({entry.phrase for entry in lexicon().entries.values()})
SENTENCE = st.lists(st.sampled_from([*WORDS, *ODD]) | st.text(max_size=6), max_size=60).map(" ".join)
TEXT = st.text(max_size=200) | SENTENCE
NUMBER = st.integers() | st.floats() | st.sampled_from([0, 1, 7, 2**32 - 1, 2**32, -1, 10**400, 0.5, 1e308])
PEOPLE = st.sampled_from(["7", "7*0.94+12*0.34", "7*0+8*0", "+", "7*", "9" * 11, "7 + 8"])
PERSON = PEOPLE | st.text("0123456789*+. ", max_size=40)
NAME = st.sampled_from([*NAMES, "", "hat ", "HAT", "x" * 5000]) | st.text(max_size=12)
STATE = st.sampled_from(["yes", "no", "auto", True, False, None, 1, [], {}]) | TEXT
OVERRIDES = st.dictionaries(NAME, STATE, max_size=5)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBER | TEXT | PERSON | OVERRIDES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
