"""How the app looks: a theme of its own with the system's fonts, so that nothing is fetched from outside."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import gradio as gr

ASSETS = Path(__file__).parent / "assets"


@cache
def asset(name: str) -> str:
    """The text of a file in ui/assets."""
    return (ASSETS / name).read_text(encoding="utf-8")


def download(button: str) -> str:
    """Script that saves what a hidden download button has just been given: one click in place of two."""
    return f"() => setTimeout(() => document.querySelector('{button}').click(), 100)"


def theme() -> gr.themes.Base:
    """The app's colors and fonts, light and dark; no font is fetched."""
    teal = gr.themes.Color(
        name="facegen", c50="#eef6f4", c100="#d6eae5", c200="#b0d6cd", c300="#82bdb0", c400="#549f91", c500="#37857a",
        c600="#286b63", c700="#21564f", c800="#1b443f", c900="#163733", c950="#0b1f1d",
    )  # fmt: skip
    paper = gr.themes.Color(
        name="paper", c50="#faf8f5", c100="#f3f0ea", c200="#e6e1d8", c300="#d1cabd", c400="#9c9588", c500="#746e64",
        c600="#5a554d", c700="#403d38", c800="#262522", c900="#1b1a18", c950="#131211",
    )  # fmt: skip
    fonts = ("ui-sans-serif", "system-ui", "-apple-system", "Segoe UI", "Noto Sans", "Liberation Sans", "sans-serif")
    mono = ("ui-monospace", "SFMono-Regular", "Noto Sans Mono", "Liberation Mono", "monospace")
    return gr.themes.Base(
        primary_hue=teal,
        secondary_hue=teal,
        neutral_hue=paper,
        font=fonts,
        font_mono=mono,
        radius_size=gr.themes.sizes.radius_lg,
    ).set(
        body_background_fill="*neutral_50",
        body_background_fill_dark="*neutral_950",
        background_fill_primary="#ffffff",
        background_fill_primary_dark="*neutral_900",
        block_background_fill="transparent",
        block_background_fill_dark="transparent",
        block_border_width="0px",
        block_shadow="none",
        block_padding="0",
        block_label_background_fill="transparent",
        block_label_background_fill_dark="transparent",
        block_title_text_weight="600",
        block_title_text_color="*neutral_700",
        block_title_text_color_dark="*neutral_200",
        block_info_text_color="*neutral_600",
        block_info_text_color_dark="*neutral_300",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_background_fill_dark="*primary_600",
        button_primary_background_fill_hover_dark="*primary_500",
        button_primary_text_color="#ffffff",
        button_primary_text_color_dark="#ffffff",
        button_secondary_background_fill="#ffffff",
        button_secondary_background_fill_dark="*neutral_800",
        button_secondary_border_color="*neutral_300",
        button_secondary_border_color_dark="*neutral_700",
        input_background_fill="#ffffff",
        input_background_fill_dark="*neutral_900",
        input_border_color="*neutral_300",
        input_border_color_dark="*neutral_700",
        input_border_color_focus="*primary_500",
        slider_color="*primary_500",
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_300",
        input_placeholder_color="*neutral_500",
        input_placeholder_color_dark="*neutral_400",
    )
