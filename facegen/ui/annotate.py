"""`annotate`: describe the subjects of a data set in the browser, one after another, by keyboard.

The first report's step 1: labels are proposed, a person corrects them, and the result is a bag of words a subject.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from facegen.attributes import BY_NAME, GROUP_BY_NAME, check
from facegen.data.annotation import DEFAULT_NAMES, Annotation, pretrained_classifier
from facegen.data.bag_of_words import ANNOTATIONS_FILE
from facegen.data.readers import READERS, read_dataset

if TYPE_CHECKING:
    import gradio

CHOICES = {"yes": True, "no": False, "unsaid": None}
NOT_SAID = "unsaid"
HELP = (
    "**Keys:** `j` / `k` next and previous attribute · `y` yes · `n` no · `u` not said · "
    "`Enter` keep and go on · `b` go back. Every step is saved at once."
)
CSS = """
.attribute.current { outline: 3px solid var(--color-accent) !important; outline-offset: -3px; border-radius: 8px; }
.attribute { padding: 6px !important; }
#keep { display: none; }
.attribute .wrap { gap: 4px !important; }
.attribute .wrap label { padding: 2px 6px !important; }
"""
# The page's keys. Radios are clicked, so that Gradio sees what it would see of a mouse.
KEYS = """
() => {
  let at = 0;
  const all = () => [...document.querySelectorAll('.attribute')];
  const mark = (scroll) => {
    const list = all();
    at = Math.max(0, Math.min(at, list.length - 1));
    list.forEach((e, i) => e.classList.toggle('current', i === at));
    if (scroll && list[at]) list[at].scrollIntoView({ block: 'nearest' });
  };
  const answer = (i) => {
    const radio = all()[at]?.querySelectorAll('input')[i];
    // A proposal that is confirmed changes no radio, but is an answer, too.
    (radio?.checked ? document.querySelector('#keep') : radio)?.click();
    at += 1;
    mark(true);
  };
  document.addEventListener('keydown', (e) => {
    const typing = e.target.matches?.('textarea, select, input:not([type=radio])');
    if (typing || e.ctrlKey || e.metaKey || e.altKey) return;
    const act = {
      j: () => { at += 1; mark(true); },
      k: () => { at -= 1; mark(true); },
      y: () => answer(0),
      n: () => answer(1),
      u: () => answer(2),
      b: () => { document.querySelector('#back')?.click(); at = 0; mark(true); },
      Enter: () => { document.querySelector('#next')?.click(); at = 0; mark(true); },
    }[e.key];
    if (!act || (e.key === 'Enter' && e.target.tagName === 'BUTTON')) return;
    e.preventDefault();
    act();
  });
  new MutationObserver(() => mark(false)).observe(document.body, { childList: true, subtree: true });
  mark(false);
}
"""


def build(annotation: Annotation) -> gradio.Blocks:
    """The page as Blocks; launch it with `css=CSS, js=KEYS`."""
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # no call to outside
    import gradio as gr

    names, last = annotation.names, len(annotation.subjects) - 1

    def show(k: int) -> list:
        annotation.look(k)
        said = annotation.labels(k)
        radios = [to_choice(said.get(name)) for name in names]
        return [k, annotation.picture(k), title(annotation, k), *radios]

    def step(direction: int):
        def move(k: int, *answers: str) -> list:
            annotation.save(k, to_labels(names, answers))
            return show(min(max(k + direction, 0), last))

        return move

    def changed(k: int, *answers: str) -> list:
        settled = annotation.save(k, to_labels(names, answers))
        after = [to_choice(settled.get(name)) for name in names]
        # Only rivals that changed are sent: what was answered meanwhile stays.
        return [title(annotation, k), *(gr.skip() if a == b else a for a, b in zip(after, answers, strict=True))]

    with gr.Blocks(title="facegen: annotate", analytics_enabled=False) as page:
        index = gr.State(0)
        heading = gr.Markdown()
        picture = gr.Image(label="Pictures of this subject", interactive=False, buttons=[], format="png")
        with gr.Row():
            back = gr.Button("Back (b)", elem_id="back")
            following = gr.Button("Keep and go on (Enter)", variant="primary", elem_id="next")
            keep = gr.Button("Keep", elem_id="keep")  # the page's keys press it
        gr.Markdown(f"{HELP} File: `{annotation.path.name}`.")
        radios: dict[str, gr.Radio] = {}
        for group in dict.fromkeys(BY_NAME[name].group for name in names):
            with gr.Accordion(GROUP_BY_NAME[group].label, open=True), gr.Row():
                for name in (n for n in names if BY_NAME[n].group == group):
                    radios[name] = gr.Radio(
                        list(CHOICES), value=NOT_SAID, label=BY_NAME[name].label, elem_id=f"a-{name}",
                        elem_classes="attribute", min_width=150,
                    )  # fmt: skip
        answers = [radios[name] for name in names]
        everything = [index, picture, heading, *answers]
        private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        page.load(lambda: show(annotation.start()), None, everything, **private)
        back.click(step(-1), [index, *answers], everything, **private)
        following.click(step(+1), [index, *answers], everything, **private)
        # always_last: quick answers may share one save, but the last is never dropped.
        gr.on(
            [keep.click, *(radio.input for radio in answers)], changed, [index, *answers], [heading, *answers],
            trigger_mode="always_last", **private,
        )  # fmt: skip
    page.queue(default_concurrency_limit=1)  # one person, one file
    return page


def title(annotation: Annotation, k: int) -> str:
    """The heading. People aren't named on the page: a set's ids may be names."""
    subject = annotation.subjects[k]
    state = "described" if subject.id in annotation.bags else "proposals: press Enter to keep them"
    total, pictures = len(annotation.subjects), len(subject.rows)
    return f"## Subject {k + 1} of {total} ({pictures} pictures) · {state} · {annotation.described()} described so far"


def to_choice(value: bool | None) -> str:
    """True, False, None -> what the page shows."""
    return NOT_SAID if value is None else "yes" if value else "no"


def to_labels(names: tuple[str, ...], answers: tuple[str, ...]) -> dict[str, bool]:
    """The page's answers as labels; a radio that was never touched may be None."""
    pairs = zip(names, answers, strict=True)
    chosen = ((name, CHOICES.get(answer)) for name, answer in pairs)
    return {name: value for name, value in chosen if value is not None}


app = typer.Typer(add_completion=False)


@app.command()
def command(
    source: Annotated[Path, typer.Argument(help="The data set's folder; best one that `prepare` wrote.")],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help=f"The CSV; SOURCE/{ANNOTATIONS_FILE} if left out.")
    ] = None,
    kind: Annotated[str, typer.Option(help=f"auto, {', '.join(READERS)}.")] = "auto",
    attributes: Annotated[
        str | None, typer.Option(help="Names, separated by commas; those that stay, if left out.")
    ] = None,
    classifier: Annotated[
        str | None, typer.Option(help="Checkpoint for proposals; the embedded one if left out.")
    ] = None,
    no_classifier: Annotated[
        bool, typer.Option("--no-classifier", help="Propose from labels and jaw geometry alone.")
    ] = False,
    export: Annotated[Path | None, typer.Option(help="Write what is there to a .csv or .json, and stop.")] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int | None, typer.Option(help="Port; the first free one from 7860 if left out.")] = None,
) -> None:
    """Describe the subjects of a data set in the browser; saved at every step, resumed where it stopped."""
    names = DEFAULT_NAMES if attributes is None else tuple(n.strip() for n in attributes.split(",") if n.strip())
    for name in names:
        check({name: True})
    dataset = read_dataset(source, kind)
    guess = None if no_classifier or export is not None else pretrained_classifier(classifier)
    annotation = Annotation(dataset, out or source / ANNOTATIONS_FILE, names, guess)
    if export is not None:
        typer.echo(f"{annotation.export(export)} rows in {export}")
        return
    build(annotation).launch(server_name=host, server_port=port, css=CSS, js=KEYS, show_error=True, footer_links=[])
