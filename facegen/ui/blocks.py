"""Gradio's Blocks for a public app: errors as sentences, one tool for language models, no memory of programs."""

from __future__ import annotations

import asyncio
import html
import logging

import gradio as gr
from gradio.exceptions import ComponentProcessingError
from pydantic import ValidationError

from facegen.errors import UserError
from facegen.ui.guard import FAILED, Guard
from facegen.ui.links import Faces
from facegen.ui.settings import SETTINGS

TOOL = "/draw_face"
log = logging.getLogger("facegen.ui")


class Blocks(gr.Blocks):
    """Blocks whose MCP server offers `TOOL` alone, and whose functions may raise `UserError`.

    Gradio makes a tool of every named endpoint and has no switch against that (its issue 11463); a model that is given
    nine tools for one job has to guess. The other endpoints stay for programs.
    """

    faces: Faces | None = None  # those that a link can ask for
    first: str = ""  # the address of the face that the page starts with
    guard: Guard  # set by itself, once the app is served

    @property
    def mcp_server_obj(self):
        """Gradio's MCP server, which sees `TOOL` alone."""
        return self._mcp_server

    @mcp_server_obj.setter
    def mcp_server_obj(self, server):
        if server is not None:
            tools = server.tool_to_endpoint
            server.tool_to_endpoint = {name: endpoint for name, endpoint in tools.items() if endpoint == TOOL}
        self._mcp_server = server

    async def process_api(self, block_fn, *args, **options):
        """Run one function of the page or the API. Here, and nowhere else, a `UserError` becomes a `gr.Error`.

        A program is forgotten as soon as it is answered: Gradio keeps 150 kB for each session and makes a session of
        each plain HTTP call; the endpoints for programs have no use for it.
        """
        function = self.fns[block_fn] if isinstance(block_fn, int) else block_fn
        try:
            async with asyncio.timeout(SETTINGS.seconds):
                return await super().process_api(function, *args, **options)
        except gr.Error:
            raise
        except UserError as error:
            raise sorry(str(error)) from None
        except (ComponentProcessingError, ValidationError):
            raise sorry("a value in this request is of the wrong kind: load the page again") from None
        except TimeoutError:
            raise sorry(f"this took over {SETTINGS.seconds} seconds and was given up: ask for less at once") from None
        except Exception:
            log.exception("%s failed", function.api_name)
            raise sorry(FAILED) from None
        finally:
            session_hash = options.get("session_hash")
            if function.api_visibility == "public" and session_hash is not None:
                self.state_holder.session_data.pop(session_hash, None)
                self.state_holder.time_last_used.pop(session_hash, None)


def sorry(sentence: str) -> gr.Error:
    """One sentence for a person. The page would show it as HTML, so it is escaped; a long one is cut."""
    sentence = " ".join(sentence.split())
    sentence = sentence if len(sentence) <= 300 else f"{sentence[:299]}…"
    sentence = f"{sentence[:1].upper()}{sentence[1:]}{'' if sentence.endswith(('.', '?', '…')) else '.'}"
    return gr.Error(html.escape(sentence, quote=False), duration=8, print_exception=False)
