"""The last tab: what this is, what it is not, bias and licence."""

from __future__ import annotations

import gradio as gr

from facegen import __version__
from facegen.pipeline import FacePipeline

TEXT = """
## What this is
facegen reads a description in plain English, turns it into attributes and draws a face that fits them, with a small
network that runs on an ordinary computer. Each word is accounted for: drawn, understood but not drawable, or not
understood. A second network looks at the drawn face and says what it sees: seen, unsure, or not seen. It learned
from other photographs than the first one, which was never trained to please it.

## What it is not
Every face here is **synthetic**. It shows nobody in particular, and it is **not for identifying anyone**: a
likeness to a real person is chance. It takes no photographs, and it knows no names. Each PNG carries the mark
"trained algorithmic media" (IPTC), its description, seed, model and version.

## What is kept
Nothing that you type stays on the server beyond your visit. Your gallery lives in your own browser. Ratings belong
to you, until you download them.

## Bias
The network learned from photographs of celebrities (CelebA). Their age, looks, make-up, poses and skin colors are
not those of people at large, and who labeled them saw gender as two boxes. Words that go together in those
photographs go together here: asking for one may bring the other. Rare things (hats, bald heads, glasses) are drawn
less well than common ones. Ethnicity is read only where the words say it and is never inferred; where it is not
said, it is left to chance, and chance follows the photographs: more light-skinned faces than in the world. Do not
draw conclusions about people from these images.

## Licence
The code is under the MIT licence. The weights follow the data they were trained on: research only, not commercial.

<small>facegen {version}, model {model}, {size} px, draws {drawable} attributes.</small>
"""


def build(pipe: FacePipeline) -> None:
    """The About tab: what the app is, its limits, the model that draws."""
    with gr.Tab("About", id="about"):
        gr.Markdown(
            TEXT.format(
                version=__version__,
                model=pipe.model,
                size=pipe.generator.config.image_size,
                drawable=len(pipe.drawable),
            ),
            elem_id="fg-about",
        )
