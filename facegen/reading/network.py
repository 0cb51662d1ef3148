"""The end-to-end reader: characters in, a yes, no or not-said for each attribute out, by a recurrent network.

It answers like the rules (`facegen.reading.rules.parse`) but learned to from sentences (those of
`facegen.training.sentences.grammar`). It can't say what it didn't understand; the place that it gives is where its
attention was.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from facegen import attributes, hub, registry
from facegen.reading.mentions import settle
from facegen.reading.result import Mention, Reading, check_text, finish
from facegen.reading.tokens import normalize

CHARACTERS = " abcdefghijklmnopqrstuvwxyz0123456789.,;:!?'\"-–/()[]|_&+*\n"
_INDEX = {c: i + 2 for i, c in enumerate(CHARACTERS)}  # 0 pads, 1 is any other character
_CLASSES = 3  # not said, yes, no
_STRIDE = 4


@dataclass
class ReaderConfig:
    """Sizes of a `RecurrentReader`.

    Args:
        attributes: names of the outputs, in order.
        embedding, channels: of characters, and of the two strided convolutions' outputs.
        hidden: state of the LSTM, for each direction.
    """

    attributes: list[str]
    embedding: int = 32
    channels: int = 128
    hidden: int = 192


class CharacterStates(nn.Module):
    """Characters -> two strided convolutions (a step is four characters) -> states of a bidirectional LSTM."""

    def __init__(self, embedding: int, channels: int, hidden: int) -> None:
        super().__init__()
        self.embed = nn.Embedding(len(_INDEX) + 2, embedding, padding_idx=0)
        self.first = nn.Conv1d(embedding, channels // 2, 5, stride=2, padding=2)
        self.second = nn.Conv1d(channels // 2, channels, 5, stride=2, padding=2)
        self.recurrent = nn.LSTM(channels, hidden, batch_first=True, bidirectional=True)

    def states(self, characters: Tensor) -> tuple[Tensor, Tensor]:
        """Codes of `encode`, (n, length) -> states (n, steps, 2 * hidden), and where they are no padding (n, steps)."""
        x = self.embed(characters).transpose(1, 2)
        x = F.gelu(self.second(F.gelu(self.first(x)))).transpose(1, 2)
        states, _ = self.recurrent(x)
        states = states.float()
        # A step is padding where all of its characters are.
        filled = F.max_pool1d((characters > 0).float()[:, None], _STRIDE, ceil_mode=True)[:, 0, : states.shape[1]] > 0
        return states, filled


class RecurrentReader(CharacterStates):
    """States -> attention for each attribute over the steps -> three classes (not said, yes, no)."""

    Config = ReaderConfig

    def __init__(self, config: ReaderConfig) -> None:
        super().__init__(config.embedding, config.channels, config.hidden)
        self.config = config
        n, width = len(config.attributes), 2 * config.hidden
        self.attend = nn.Linear(width, n)
        self.classify = nn.Parameter(torch.empty(n, _CLASSES, width))
        nn.init.normal_(self.classify, std=width**-0.5)
        self.bias = nn.Parameter(torch.zeros(n, _CLASSES))

    def forward(self, characters: Tensor) -> tuple[Tensor, Tensor]:
        """Codes of `encode`, (n, length) -> logits (n, attributes, 3) and attention (n, attributes, steps)."""
        states, filled = self.states(characters)
        scores = self.attend(states).transpose(1, 2).masked_fill(~filled[:, None], -1e4)
        attention = scores.softmax(-1)
        logits = torch.einsum("nat,nth,ach->nac", attention, states, self.classify) + self.bias
        return logits, attention


def encode(texts: list[str]) -> Tensor:
    """Codes of characters, (n, longest rounded up to the stride), padded with 0. Case is dropped."""
    longest = max(max(map(len, texts)), _STRIDE)
    longest += -longest % _STRIDE
    codes = [[_INDEX.get(c, 1) for c in _fold(t)] for t in texts]
    return torch.tensor([row + [0] * (longest - len(row)) for row in codes])


def _fold(text: str) -> str:
    """Lower case, accents dropped, and as long as the text, so that places stay true."""
    if text.isascii():
        return text.lower()
    return "".join(c.lower() if c.isascii() else (normalize(c) + "?")[:1] for c in text)


class Reader:
    """A trained `RecurrentReader`; its `parse(text) -> Reading` takes the place of `facegen.reading.rules.parse`."""

    def __init__(self, model: RecurrentReader) -> None:
        self.model = model.eval()

    @torch.inference_mode()
    def parse(self, text: str) -> Reading:
        """Read a description.

        A mention's place is the word that the attribute's attention was on; `negated` is set for every no.

        Raises:
            DescriptionError: the text is empty or has over `facegen.reading.rules.MAX_CHARACTERS` characters.
        """
        check_text(text)
        logits, attention = self.model(encode([text]))
        probabilities = logits[0].softmax(-1)
        mentions = []
        for name, row, where in zip(self.model.config.attributes, probabilities, attention[0], strict=True):
            said = int(row.argmax())
            if said:
                start, end = _word(text, (int(where.argmax()) * _STRIDE))
                yes = said == 1
                mentions.append(
                    Mention(name, yes, start, end, text[start:end], not yes, None, round(float(row[said]), 3))
                )
        return finish(text, _exclusive(mentions))


def _exclusive(mentions: list[Mention]) -> list[Mention]:
    """At most one yes in an exclusive group, the surest; in the text's order."""
    surest = sorted(mentions, key=lambda m: -m.confidence)
    kept: list[Mention] = []
    for mention in surest:
        rivals = attributes.rivals(mention.attribute) if mention.value else ()
        if not any(m.value and m.attribute in rivals for m in kept):
            kept.append(mention)
    return settle(sorted(kept, key=lambda m: m.start))


def _word(text: str, at: int) -> tuple[int, int]:
    """The word around or nearest after a place."""
    at = min(at, len(text) - 1)
    while at < len(text) - 1 and not text[at].isalnum():
        at += 1
    while at > 0 and not text[at].isalnum():
        at -= 1
    start = end = at
    while start > 0 and (text[start - 1].isalnum() or text[start - 1] in "'-"):
        start -= 1
    while end < len(text) and (text[end].isalnum() or text[end] in "'-"):
        end += 1
    return start, max(end, start + 1)


@lru_cache(maxsize=2)
def load_reader(folder: str | Path | None = None) -> Reader:
    """The reader of a checkpoint folder; the embedded one for None. Raises `facegen.hub.CheckpointError`."""
    model = registry.load(folder, "reader", list(registry.READERS))
    unknown = set(model.config.attributes) - set(attributes.NAMES)
    if unknown:
        raise hub.CheckpointError(f"{folder or 'the embedded reader'} names unknown attributes: {sorted(unknown)}")
    return Reader(model)
