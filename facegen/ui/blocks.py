"""Gradio's Blocks with what a public app needs of its server: one tool for language models, no memory of programs."""

from __future__ import annotations

import gradio as gr

TOOL = "/draw_face"


class Blocks(gr.Blocks):
    """Blocks whose MCP server offers `TOOL` alone.

    Gradio makes a tool of every named endpoint and has no switch against that (its issue 11463); a model that is given
    nine tools for one job has to guess. The other endpoints stay for programs.
    """

    @property
    def mcp_server_obj(self):
        return self._mcp_server

    @mcp_server_obj.setter
    def mcp_server_obj(self, server):
        if server is not None:
            tools = server.tool_to_endpoint
            server.tool_to_endpoint = {name: endpoint for name, endpoint in tools.items() if endpoint == TOOL}
        self._mcp_server = server

    async def process_api(self, *args, session_hash: str | None = None, **options):
        """Forget a program as soon as it is answered.

        Gradio keeps 150 kB for each session, and makes a session of each plain HTTP call; the endpoints for programs
        have no use for it.
        """
        block_fn = options["block_fn"] if "block_fn" in options else args[0]
        public = (self.fns[block_fn] if isinstance(block_fn, int) else block_fn).api_visibility == "public"
        try:
            return await super().process_api(*args, session_hash=session_hash, **options)
        finally:
            if public and session_hash is not None:
                self.state_holder.session_data.pop(session_hash, None)
                self.state_holder.time_last_used.pop(session_hash, None)
