"""Serving the app: address, launch options, pictures by link, and an end that lets running requests finish."""

from __future__ import annotations

import asyncio
import logging
import re
import signal
import socket
import threading
import time
from html import escape
from importlib.util import find_spec
from typing import Any

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from facegen.errors import UserError
from facegen.ui import links, render
from facegen.ui.blocks import Blocks
from facegen.ui.guard import Guard, Message, header
from facegen.ui.settings import SETTINGS
from facegen.ui.start import trim
from facegen.ui.theme import ASSETS, asset, theme

FIRST_PORT, PORTS = 7860, 100
# Gradio's own tags, which speak of Gradio.
META = re.compile(rb'<meta\s+(?:property="og:|name="twitter:)[^>]*>')
DESCRIPTION = "Type a description, see the face it describes. Every face is synthetic."


class AddressError(UserError):
    """A host or port that can't be listened on."""


def options(demo: Blocks) -> dict[str, Any]:
    """What `Blocks.launch` needs to look and behave as ours."""
    faces = demo.faces
    logging.getLogger().addFilter(quotes_nothing)

    def page(html: bytes, scope: Message) -> bytes:
        return head(html, scope, demo)

    async def picture(request: Request) -> Response:
        """/face.png with all its settings inside, and /face.webp, smaller, of a face's link."""
        assert faces is not None
        try:
            face = await asyncio.to_thread(faces.get, request.url.query)
        except UserError as error:
            return JSONResponse({"error": f"{error}."}, 400)
        png = request.url.path.endswith(".png")
        data = await asyncio.to_thread(lambda: face.png if png else render.webp(face.image))
        name = render.file_name(face.settings)
        return Response(data, media_type="image/png" if png else "image/webp", headers={
            "cache-control": "private, max-age=600", "content-disposition": f'inline; filename="{name}"'})  # fmt: skip

    routes = [Route("/face.png", picture), Route("/face.webp", picture)] if faces else []
    return {
        "theme": theme(),
        "css": asset("style.css"),
        "head": f"<style>{asset('page.css')}</style><script>{asset('app.js')}</script>",
        "favicon_path": ASSETS / "icon.png",
        "footer_links": ["api"],
        "show_error": True,
        "enable_monitoring": False,
        "run_history": False,
        "max_file_size": SETTINGS.file_bytes,
        "state_session_capacity": SETTINGS.sessions,
        "mcp_server": isinstance(faces, links.Faces) and find_spec("mcp") is not None,  # one tool, see tool.py
        "app_kwargs": {
            "routes": routes,
            "middleware": [Middleware(Guard, blocks=demo, settings=SETTINGS, page=page)],
        },
    }


def quotes_nothing(record: logging.LogRecord) -> bool:
    """Keeps what the MCP package says of a request that does not fit, which quotes all of it, out of the log."""
    return not str(record.msg).startswith(("Failed to validate", "Message that failed validation"))


def head(html: bytes, scope: Message, demo: Blocks) -> bytes:
    """The page's HTML with our own title, description and picture for links to it, and a face at first paint."""
    title, about, picture, first = "facegen", DESCRIPTION, "", demo.first
    try:
        settings = links.read(scope["query_string"].decode("latin-1"))
    except UserError:
        settings = None
    if settings and demo.faces:
        title = f"{settings['description'][:100] or 'A face'} · facegen"
        site = f"{header(scope, b'x-forwarded-proto') or scope['scheme']}://{header(scope, b'host')}"
        link = links.write(settings, settings["reader"] or "rules")
        picture, first = f"{site}/face.png{link}", f"face.webp{link}"
    tags = {"og:title": title, "og:description": about, "og:type": "website", "og:image": picture}
    ours = "".join(f'<meta property="{k}" content="{escape(v)}">' for k, v in tags.items() if v)
    ours += f'<meta name="description" content="{escape(about)}"><meta name="twitter:card" content="summary">'
    html = META.sub(b"", html).replace(b"<style>", ours.encode() + b"<style>", 1)
    if first:  # app.js takes it away when the page is built
        html = html.replace(b"</head>", f"<style>{asset('splash.css')}</style></head>".encode(), 1)
        splash = f'<img id="fg-splash" src="{escape(first)}" alt="" width="360" height="360"><gradio-app'
        html = html.replace(b"<gradio-app", splash.encode(), 1)
    return html


def check_address(host: str, port: int | None) -> int:
    """The port to listen on: the given one, or the first free one from 7860. Raises `AddressError`."""
    if port is not None and not 1 <= port <= 65535:
        raise AddressError(f"port {port} is out of range: a port is a number from 1 to 65535")
    try:
        family, *_, address = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError):
        raise AddressError(f"{host[:60]!r} is no address of this machine: use 127.0.0.1, or 0.0.0.0 for all") from None
    for candidate in [port] if port is not None else range(FIRST_PORT, FIRST_PORT + PORTS):
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address[0], candidate))
                return candidate
            except PermissionError:
                reason = "only an administrator may"
            except OSError as error:
                reason = "another program does" if error.errno == 98 else str(error.strerror).lower()
    raise AddressError(f"the app can't listen on {host} port {port or FIRST_PORT}: {reason}")


def serve(demo: Blocks, host: str, port: int | None, launch: dict) -> None:
    """Serve until SIGTERM or Ctrl-C; running requests get SETTINGS.drain seconds to end. Raises `AddressError`."""
    chosen = check_address(host, port)
    if port is None and chosen != FIRST_PORT:
        print(f"Port {FIRST_PORT} is taken: this app is at port {chosen}.")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    demo.launch(server_name=host, server_port=chosen, prevent_thread_lock=True, **launch)
    trim()
    stop.wait()
    drain(demo, SETTINGS.drain)
    demo.close()


def drain(demo: Blocks, seconds: float) -> None:
    """Take no new requests and wait until those that are there have been answered."""
    guard = demo.guard
    guard.draining = True
    end, quiet = time.monotonic() + seconds, 0
    while time.monotonic() < end and quiet < 5:  # a program asks for its answer a moment after it has asked
        busy = guard.running or len(demo._queue) or any(demo._queue.active_jobs)
        quiet = 0 if busy else quiet + 1
        time.sleep(0.1)
