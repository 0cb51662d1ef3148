"""What the server takes and gives: every limit with its default, in one place."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields

from facegen.errors import UserError


class SettingError(UserError):
    """A setting that can't be used."""


@dataclass(frozen=True)
class Settings:
    """Limits of the served app. The environment variable FACEGEN_<NAME> sets one, such as FACEGEN_QUEUE=64.

    Attributes:
        body_bytes: largest JSON request.
        file_bytes: largest picture that may be dropped on the page.
        json_depth: deepest nesting of a JSON request.
        queue: requests that may wait, of everybody.
        share: requests that one program's address may have waiting.
        visitors_share: requests that the pages of one address may have waiting; a class of pupils has one address.
        calls_a_minute: requests of programs and faces by link that one address may make in a minute.
        patience: seconds after which a waiting request is dropped whose client does not listen for the answer.
        seconds: how long one request may take once its turn has come.
        drain: seconds that running requests get to end after SIGTERM.
        sessions: visitors who are remembered at once.
        people: people that one request of variations or breeding may ask for.
        review: faces of one review.
        kept: faces of one gallery download.
        linked_faces: faces asked for by link that are kept in memory.
        behind_proxy: 1 to tell clients apart by the last address in X-Forwarded-For. Only with a proxy that sets it.
    """

    body_bytes: int = 262_144
    file_bytes: int = 4_194_304
    json_depth: int = 16
    queue: int = 512
    share: int = 16
    visitors_share: int = 64
    calls_a_minute: int = 600
    patience: int = 30
    seconds: int = 180
    drain: int = 30
    sessions: int = 1000
    people: int = 16
    review: int = 96
    kept: int = 96
    linked_faces: int = 64
    behind_proxy: int = 0

    @classmethod
    def read(cls) -> Settings:
        """The defaults with what the environment says laid over them; `SettingError` for what is no whole number."""
        given = {f.name: os.environ.get(f"FACEGEN_{f.name.upper()}") for f in fields(cls)}
        chosen = {}
        for name, value in given.items():
            if value is None:
                continue
            if not value.isdecimal():
                raise SettingError(f"FACEGEN_{name.upper()}={value[:40]!r} is no whole number of 0 or more")
            chosen[name] = int(value)
        if os.environ.get("SPACE_ID"):  # Hugging Face Spaces serve through a proxy of their own
            chosen.setdefault("behind_proxy", 1)
        return cls(**chosen)


SETTINGS = Settings.read()
