"""What stands before Gradio's own routes: limits, a share for each client, safe headers, refusals in one sentence."""

from __future__ import annotations

import json
import logging
import re
import time
from collections import Counter, defaultdict, deque
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from facegen.errors import UserError
from facegen.ui.settings import Settings

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Page = Callable[[bytes, Message], bytes]

CALL = re.compile(r"/gradio_api/(run|api|call/v2|call)/([^/]+)/?")
ANSWER = re.compile(r"/gradio_api/call/(?:v2/)?[^/]+/([0-9a-f]{32})")
# Routes of Gradio's that this app has no use for: they write files, fetch from other servers, or tell about visitors.
CLOSED = re.compile(
    r"/monitoring.*|/gradio_api/(deep_link|component_server|process_recording|proxy=|run-history|runs|custom_component"
    r"|stream|file=https?:).*|/pwa_icon/(?!192$|512$).*|/login.*|/docs.*|/redoc.*"
)
# Gradio compiles templates and scripts in the page, so scripts can't be held to a hash. Nothing comes from elsewhere.
HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "content-security-policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; media-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; "
        "object-src 'none'; base-uri 'self'; form-action 'self'; "
        "frame-ancestors 'self' https://huggingface.co https://*.hf.space"
    ),
}
# What the page's fields hold; a field that nobody has touched may hold nothing.
KINDS = {"textbox": str | None, "radio": str | None, "dropdown": str | None, "checkbox": bool | None,
         "slider": int | float | None, "html": dict | str | None, "file": dict | None}  # fmt: skip
SESSIONS = 2_000  # whose requests Gradio's queue may remember, as many as it keeps messages for
FAILED = "Something went wrong in the server; what was asked is not at fault."
log = logging.getLogger("facegen.ui")


class Refusal(UserError):
    """A request that is answered with a 4xx or 503 and one sentence."""

    def __init__(self, status: int, sentence: str):
        super().__init__(sentence)
        self.status = status


class Guard:
    """ASGI middleware around the Gradio app of `blocks`."""

    def __init__(self, app, blocks: Any, settings: Settings, page: Page):
        """`blocks` are a `facegen.ui.blocks.Blocks`; `page` rewrites the page's HTML, given it and the scope."""
        self.app, self.blocks, self.settings, self.page = app, blocks, settings, page
        self.listening: Counter[str] = Counter()  # events and sessions whose answer somebody is waiting for
        self.calls: dict[str, deque[float]] = defaultdict(deque)  # when each address called, within a minute
        self.tools: Counter[str] = Counter()  # running calls of language models, by address
        self.running = 0  # requests that are being answered
        self.draining = False
        blocks.guard = self

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request (ASGI): what the app says, or one sentence with 4xx or 503 where a limit is met."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        answer = Answer(send, self.page if scope["path"] in ("", "/") else None, scope)
        path, method = scope["path"], scope["method"]
        counted = method == "POST" or ANSWER.fullmatch(path) or path == "/gradio_api/queue/data"
        waits = self._waits(scope) if method == "GET" else None
        tool = self.client(scope) if method == "POST" and path.startswith("/gradio_api/mcp") else None
        self.running += bool(counted)
        self.listening[waits or ""] += 1
        self.tools[tool or ""] += 1
        try:
            receive = await self.checked(scope, receive)
            await self.app(scope, receive, answer)
        except Refusal as refusal:
            await answer.refuse(refusal.status, str(refusal))
        except Exception:
            log.exception("%s %s failed", method, path)
            if answer.started:
                raise
            await answer.refuse(500, FAILED)
        finally:
            self.running -= bool(counted)
            for counter, key in ((self.listening, waits), (self.tools, tool)):
                counter[key or ""] -= 1
                if counter[key or ""] <= 0:
                    del counter[key or ""]

    def client(self, scope: Message) -> str:
        """The address that a request comes from."""
        forwarded = header(scope, b"x-forwarded-for") if self.settings.behind_proxy else ""
        return forwarded.split(",")[-1].strip() or (scope.get("client") or ("?",))[0]

    async def checked(self, scope: Message, receive: Receive) -> Receive:
        """A `receive` that repeats the request's body once it has been read and checked. Raises `Refusal`."""
        path, method = scope["path"], scope["method"]
        if CLOSED.fullmatch(path) or not path.isprintable():
            raise Refusal(404, "There is nothing at this address")
        if path.startswith("/gradio_api/mcp"):
            self.check_origin(scope)
        if path.startswith("/face."):
            self.check_rate(scope)
        if method != "POST":
            return receive
        if self.draining:
            raise Refusal(503, "The server is stopping: try again in a minute")
        upload = path.startswith("/gradio_api/upload")
        limit = self.settings.file_bytes + 4096 if upload else self.settings.body_bytes
        length = header(scope, b"content-length")
        if length and (not length.isdecimal() or int(length) > limit):
            raise Refusal(413, f"The request is too large: at most {limit:,} bytes are taken")
        if upload:
            return receive  # Gradio counts what a multipart body brings, see max_file_size
        body = await read_body(receive, limit)
        if "json" not in header(scope, b"content-type") and (CALL.fullmatch(path) or path == "/gradio_api/queue/join"):
            raise Refusal(415, "Send the request as application/json")
        if call := CALL.fullmatch(path):
            self.check_rate(scope)
            self.check_call(call[1], call[2], self.json(body))
            self.check_share(scope, self.settings.share)
        elif path == "/gradio_api/queue/join":
            self.check_event(self.json(body))
            self.check_share(scope, self.settings.visitors_share)
        elif path.startswith("/gradio_api/mcp"):
            self.json(body)
            if self.tools[self.client(scope)] > self.settings.share:
                raise Refusal(429, f"Busy: at most {self.settings.share} requests at a time are taken from one address")
        elif path in ("/gradio_api/cancel", "/gradio_api/reset"):
            # What doesn't fit is quoted back, and Infinity can't be.
            if not all(isinstance(value, str | int | None) for value in self.json(body).values()):
                raise Refusal(400, "The request names no event")
        return replay(body, receive)

    def json(self, body: bytes) -> dict:
        """A JSON object that is not too deep; raises `Refusal`."""
        depth = deepest = 0
        for bracket in re.findall(rb"[\[{}\]]", re.sub(rb'"(?:[^"\\]|\\.)*"', b"", body)):
            depth += 1 if bracket in b"[{" else -1
            deepest = max(deepest, depth)
        if deepest > self.settings.json_depth:
            raise Refusal(400, f"The request's JSON is nested over {self.settings.json_depth} levels deep")
        try:
            content = json.loads(body)
        except ValueError:
            raise Refusal(400, "The request's body is no JSON") from None
        if not isinstance(content, dict):
            raise Refusal(400, "The request's body must be a JSON object")
        return content

    def check_call(self, kind: str, name: str, content: dict) -> None:
        """A call by an endpoint's name: the endpoint exists and its parameters fit. Raises `Refusal` (400, 404)."""
        endpoints = self.blocks.get_api_info()["named_endpoints"]
        if f"/{name}" not in endpoints:
            known = ", ".join(sorted(e.lstrip("/") for e in endpoints))
            raise Refusal(404, f"There is no endpoint {name[:40]!r}: there are {known}")
        parameters = {p["parameter_name"]: p["parameter_has_default"] for p in endpoints[f"/{name}"]["parameters"]}
        told = f"{name} takes {', '.join(parameters) or 'no parameters'}"
        if kind == "call/v2":
            if extra := [key for key in content if key not in parameters]:
                raise Refusal(400, f"There is no parameter {extra[0][:40]!r}: {told}")
            if missing := [key for key, optional in parameters.items() if not optional and key not in content]:
                raise Refusal(400, f"The parameter {missing[0]!r} is missing: {told}")
        elif not isinstance(content.get("data"), list) or len(content["data"]) != len(parameters):
            raise Refusal(400, f'"data" must be a list of all parameters in order: {told}')

    def check_event(self, content: dict) -> None:
        """A call that goes through the queue: its function exists and its data fit. Raises `Refusal` (400, 404)."""
        function, data = content.get("fn_index"), content.get("data")
        known = self.blocks.fns.get(function) if type(function) is int else None
        if known is None or not known.fn:
            raise Refusal(404, "There is no such function on the page: load it again")
        if not isinstance(data, list) or len(data) != len(known.inputs):
            raise Refusal(400, "The request does not fit the page: load it again")
        for component, value in zip(known.inputs, data, strict=True):
            if not isinstance(value, KINDS.get(component.get_block_name(), object)):
                raise Refusal(400, "A value in this request is of the wrong kind: load the page again")
        if not isinstance(content.get("session_hash"), str) or len(content["session_hash"]) > 64:
            raise Refusal(400, "The request names no session")

    def check_origin(self, scope: Message) -> None:
        """Raises `Refusal` (403) for a call from another site's page: a server may run on a visitor's own machine."""
        origin = header(scope, b"origin")
        if origin and urlsplit(origin).netloc != header(scope, b"host"):
            raise Refusal(403, "Requests from other sites are not taken")

    def check_rate(self, scope: Message) -> None:
        """Count a request of a client; raises `Refusal` (429) past the limit of one minute."""
        now, calls = time.monotonic(), self.calls[self.client(scope)]
        while calls and now - calls[0] > 60:
            calls.popleft()
        if len(calls) >= self.settings.calls_a_minute:
            raise Refusal(429, f"Too many requests: {self.settings.calls_a_minute} a minute are taken from one address")
        calls.append(now)
        if len(self.calls) > 10_000:
            self.calls = defaultdict(deque, {who: c for who, c in self.calls.items() if c and now - c[-1] <= 60})

    def check_share(self, scope: Message, share: int) -> None:
        """Drop waiting requests whose client is gone; raises `Refusal` where a share or the queue is full."""
        mine, client, now, waiting = 0, self.client(scope), time.monotonic(), 0
        asked = self.blocks._queue.pending_event_ids_session
        if len(asked) > SESSIONS:  # each call of a program is a session, whose empty set would stay for ever
            for session in [session for session, events in asked.items() if not events]:
                del asked[session]
        for queue in self.blocks._queue.event_queue_per_concurrency_id.values():
            for event in list(queue.queue):
                deaf = event._id not in self.listening and event.session_hash not in self.listening
                if deaf and now - event.enqueue_time > self.settings.patience:
                    queue.queue.remove(event)
                    self.blocks._queue.event_ids_to_events.pop(event._id, None)
                    continue
                waiting += 1
                mine += self.client(event.request.scope) == client
        if mine >= share:
            raise Refusal(429, f"Busy: {mine} requests of yours are waiting already, and {share} may")
        if waiting >= self.settings.queue:
            raise Refusal(503, f"Busy: {waiting} requests are waiting before you; try again in a minute")

    def _waits(self, scope: Message) -> str | None:
        """The event or session that a GET listens for."""
        if match := ANSWER.fullmatch(scope["path"]):
            return match[1]
        if scope["path"] == "/gradio_api/queue/data":
            match = re.search(r"session_hash=(\w+)", scope["query_string"].decode("latin-1"))
            return match and match[1]
        return None


class Answer:
    """`send` that adds the headers, turns failures into sentences, and lets the page be rewritten."""

    def __init__(self, send: Send, page: Page | None, scope: Message):
        self.send, self.page, self.scope = send, page, scope
        self.started = False
        self.head: Message | None = None  # held back until the body is known
        self.body = b""

    async def __call__(self, message: Message) -> None:
        """Pass a message of the answer on (ASGI `send`); a page or a failure is held back until its body is known."""
        if message["type"] == "http.response.start":
            kind = next((v for k, v in message["headers"] if k.lower() == b"content-type"), b"")
            html = self.page and kind.startswith(b"text/html") and self.scope["method"] == "GET"
            if html or message["status"] >= 500:
                self.head = message
                return
            await self._start(message["status"], message["headers"])
        elif self.head is not None and message["type"] == "http.response.body":
            self.body += message.get("body", b"")
            if not message.get("more_body"):
                await self._finish()
        else:
            await self.send(message)

    async def _start(self, status: int, headers: list) -> None:
        self.started = True
        own = [(k.encode(), v.encode()) for k, v in HEADERS.items()]
        kept = [(k, v) for k, v in headers if k.lower().decode("latin-1") not in HEADERS]
        await self.send({"type": "http.response.start", "status": status, "headers": [*kept, *own]})

    async def _finish(self) -> None:
        assert self.head is not None
        status, headers, self.head = self.head["status"], self.head["headers"], None
        if status >= 500:
            sentence = told(self.body)
            await self.refuse(400 if status == 500 and sentence not in (None, FAILED) else status, sentence or FAILED)
            return
        body = self.page(self.body, self.scope) if self.page else self.body
        headers = [(k, v) for k, v in headers if k.lower() != b"content-length"]
        await self._start(status, [*headers, (b"content-length", str(len(body)).encode())])
        await self.send({"type": "http.response.body", "body": body})

    async def refuse(self, status: int, sentence: str) -> None:
        """Answer with a status of 4xx or 5xx and one sentence, as JSON."""
        sentence = sentence if sentence.endswith((".", "?")) else f"{sentence}."
        # Gradio's own page reads "detail", its clients read "error".
        body = json.dumps({"error": sentence, "detail": sentence}).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await self._start(status, headers)
        await self.send({"type": "http.response.body", "body": body})


def told(body: bytes) -> str | None:
    """The sentence of a `gr.Error` in the body of a failed call."""
    try:
        content = json.loads(body)
        return content["error"] if "title" in content else content["detail"]
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def header(scope: Message, name: bytes) -> str:
    """The value of a header by its name in lower case; "" where the request has none."""
    return next((v.decode("latin-1") for k, v in scope["headers"] if k.lower() == name), "")


async def read_body(receive: Receive, limit: int) -> bytes:
    """A request's whole body; raises `Refusal` where it is larger than `limit` bytes, or its client is gone."""
    body, more = bytearray(), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refusal(400, "The request ended early")
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > limit:
            raise Refusal(413, f"The request is too large: at most {limit:,} bytes are taken")
    return bytes(body)


def replay(body: bytes, receive: Receive) -> Receive:
    """`receive` once more from the start, for a body that was read."""
    sent = False

    async def again() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
