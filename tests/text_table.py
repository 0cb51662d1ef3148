"""Tables of descriptions and what they say: "text | -beard male" a line, "-" for no, nothing for not said."""

from __future__ import annotations


def rows(table: str) -> list[tuple[str, dict[str, bool]]]:
    """(text, attributes) of each line; "\\n" in a text is a line break."""
    found = []
    for line in table.strip().splitlines():
        text, says = line.rsplit("|", 1)
        attributes = {word.lstrip("-"): not word.startswith("-") for word in says.split()}
        found.append((text.strip().replace("\\n", "\n"), attributes))
    return found
