"""Nothing that is typed is kept or logged, no third party is asked, and text stays text wherever it goes."""

from __future__ import annotations

import ipaddress
import re
import signal
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from pages import TABS, TIMEOUT, open_tab, settled
from served import Server, served

from facegen import cli
from facegen.picture import png_bytes
from facegen.reading.result import CONTROL, DescriptionError
from facegen.ui import render

SECRET = "zqxsecret"
MARKUP = "<img src=//other.example/x.png id=evil onerror=window.evil=1>"
# Python's own record of every connection and every name that is looked up.
HOOK = """
def told(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname"):
        sys.stderr.write(f"{event} {arguments[1] if event == 'socket.connect' else arguments[0]!r}\\n")
sys.addaudithook(told)
"""


@dataclass
class Visit:
    """A whole visit, from the first page to the server's end."""

    asked: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    marked_up: int = 0
    while_open: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    log: str = ""
    url: str = ""


def holding(*folders: Path) -> list[str]:
    """The files in which the secret stands, in their name or their content."""
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return [str(path) for path in files if SECRET in path.name or SECRET.encode() in path.read_bytes()]


def fill_everything(page, text: str) -> None:
    """The text into every field of every tab, and every button pressed that does something with it."""
    for tab in TABS:
        open_tab(page, tab)
        fields = page.locator("textarea:visible, input[type=text]:visible, input[type=search]:visible")
        for i in range(fields.count()):
            if fields.nth(i).is_editable():
                fields.nth(i).fill(text)
        for name in ("Draw", "Change it", "Six variations", "Make the morph", "Draw the grid", "Download the report"):
            for one in page.get_by_role("button", name=name, exact=True).all():
                if one.is_visible() and one.is_enabled():
                    one.click()
                    page.wait_for_timeout(1500)


def programs(server: Server) -> None:
    """What programs ask for, well and badly."""
    api = f"{server.url}/gradio_api"
    for body in ({"text": f"a man {SECRET}", "seed": 3}, {"text": "a man", "overrides": {SECRET: "yes"}},
                 {"text": "a man", "person": SECRET}, {SECRET: 1}):  # fmt: skip
        event = httpx.post(f"{api}/call/v2/generate_face", json=body).json().get("event_id")
        if event:
            httpx.get(f"{api}/call/v2/generate_face/{event}", timeout=300)
    httpx.post(f"{api}/queue/join", json={"fn_index": 0, "data": [SECRET], "session_hash": SECRET})
    httpx.post(f"{api}/upload", files={"files": (f"{SECRET}.png", png_bytes_of(SECRET))})
    accept = {"accept": "application/json, text/event-stream"}
    for arguments in ({"text": f"a man {SECRET}"}, {"text": [SECRET]}, [SECRET]):
        call = {"name": "draw_face", "arguments": arguments}
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}
        httpx.post(f"{api}/mcp/", json=call, headers=accept, timeout=300)
    for query in ({"text": f"a man {SECRET}"}, {"text": "a man", "person": SECRET}, {"set": f"{SECRET}=yes"}):
        httpx.get(f"{server.url}/face.png", params=query, timeout=300)
        httpx.get(server.url, params=query, timeout=300)


def png_bytes_of(text: str) -> bytes:
    from PIL import Image

    return png_bytes(Image.new("RGB", (8, 8)), {"description": text})


@pytest.fixture(scope="module")
def visit(browser, quick_checkpoint, tmp_path_factory) -> Visit:
    folder, home = tmp_path_factory.mktemp("served"), tmp_path_factory.mktemp("home")
    seen = Visit()
    with served(quick_checkpoint, folder, HOOK, HOME=str(home), HF_HOME=str(home / "hf")) as server:
        seen.url = server.url
        context = browser.new_context(accept_downloads=True)
        page = context.new_page()
        page.set_default_timeout(TIMEOUT)
        page.on("request", lambda request: seen.asked.append(request.url))
        page.on("pageerror", lambda error: seen.faults.append(str(error)))
        page.goto(server.url)
        settled(page)
        fill_everything(page, f"a man {SECRET}\x07")
        fill_everything(page, f"a man {SECRET} {MARKUP}")
        seen.marked_up = page.locator("#evil").count() + int(page.evaluate("window.evil || 0"))
        context.close()
        programs(server)
        seen.while_open = holding(folder, home)
        server.process.send_signal(signal.SIGTERM)
        server.process.wait()
        seen.after, seen.log = holding(folder, home), server.log.read_text()
    return seen


def test_the_page_asks_no_third_party(visit):
    assert len(visit.asked) > 20
    own = (f"{visit.url}/", "data:", f"blob:{visit.url}/")
    assert not [url for url in visit.asked if not url.startswith(own)]


def test_the_server_asks_no_third_party(visit):
    """It connects to itself alone, which is how Gradio finds out that it is up."""
    events = re.findall(r"^socket\.(\w+) (.+)$", visit.log, re.M)
    for event, where in events:
        host = re.search(r"[\"']([^\"']*)[\"']", where)
        local = host and (host[1] in ("", "localhost") or ipaddress.ip_address(host[1]).is_loopback)
        assert local or where == "None", (event, where)
    assert any(event == "connect" for event, _ in events)


def test_nothing_typed_is_logged_or_kept(visit):
    """Only the pictures that programs asked for, and what was dropped, lie on the disk, until the server's end."""
    assert SECRET not in visit.log and "Traceback" not in visit.log
    assert all(path.endswith(".png") for path in visit.while_open), visit.while_open
    assert visit.after == []


def test_markup_is_text_in_every_field(visit):
    assert visit.marked_up == 0 and not visit.faults


def test_control_characters_are_refused(quick_pipe, capsys):
    for odd in ("\x00", "\x1b[31m", "\x07", "\x7f", "\x9b"):
        with pytest.raises(DescriptionError, match="control character") as error:
            quick_pipe(f"a man{odd} with a hat")
        assert not CONTROL.search(str(error.value))
        with pytest.raises(SystemExit):
            cli.main(["parse", f"a man{odd}"])
    told = capsys.readouterr()
    assert not CONTROL.search(told.out + told.err)
    assert quick_pipe("a man\n\twith a hat").attributes["hat"]


@pytest.mark.parametrize("person", ["7", "7*0.94+12*0.34", "../../x", "<b>", "a\x00b\n", "x" * 5000])
def test_no_text_gets_into_a_file_name(quick_pipe, person):
    try:
        face = quick_pipe("a man ../../<b>", person=person)
    except ValueError:
        return
    assert re.fullmatch(r"facegen-[0-9x+]+\.png", render.file_name(face.settings))
