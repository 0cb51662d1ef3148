"""Whatever is sent to the running app: an answer, or a refusal in one sentence; no 500, no traceback in the log."""

from __future__ import annotations

import json
import logging
import os
from urllib.parse import quote

import httpx
import pytest
from fuzzing import JSON, NUMBER, OVERRIDES, PERSON, TEXT, anything, as_it_comes, fuzzed
from hypothesis import given, settings
from hypothesis import strategies as st
from served import served

from facegen.ui import links
from facegen.ui.settings import Settings

# One request: (how, what). Parameters are sometimes what the endpoint takes, and sometimes anything.
BODY = st.dictionaries(
    st.sampled_from(["text", "seed", "overrides", "person", "strength", "best_of", "previous", "look", "distance", "n",
                     "first", "second", "share", "parents", "x"]),
    JSON, max_size=5,
)  # fmt: skip
OPTIONAL = {"seed": st.integers(0, 9), "overrides": OVERRIDES, "person": PERSON, "strength": NUMBER}
OPTIONAL |= {"best_of": st.integers(0, 3), "previous": TEXT}
GOOD = st.fixed_dictionaries({"text": TEXT}, optional=OPTIONAL)
ENDPOINTS = ["generate_face", "parse_description", "list_attributes", "vary_person", "mix_people", "breed_people",
             "explain_words", "draw_face"]  # fmt: skip
PLACES = ["queue/join", "call/v2/generate_face", "upload", "mcp/", "run/parse_description", "cancel", "reset"]
EVENTS = ["index", "verdict", "reason", "links", "link", "value", "name"]
QUERY = st.dictionaries(st.sampled_from(links.KEYS), TEXT | PERSON)
DUMPED = JSON.map(lambda value: json.dumps(value).encode())
RAW = st.binary(max_size=60) | DUMPED | st.sampled_from([b"[" * 2000, b"{}"])
REQUEST = (
    st.tuples(st.just("call"), st.sampled_from(ENDPOINTS), GOOD | BODY)
    | st.tuples(st.just("run"), st.sampled_from(ENDPOINTS), st.lists(JSON | TEXT, max_size=8))
    | st.tuples(st.just("join"), st.integers(-1, 60), st.lists(JSON, max_size=8))
    | st.tuples(st.just("event"), st.integers(0, 60), JSON | st.dictionaries(st.sampled_from(EVENTS), JSON))
    | st.tuples(st.just("face"), st.sampled_from(["face.png", "face.webp", ""]), QUERY)
    | st.tuples(st.just("mcp"), st.just("draw_face"), JSON | GOOD)
    | st.tuples(st.just("raw"), st.sampled_from(PLACES), RAW)
    | st.tuples(st.just("get"), st.text(max_size=30), st.none())
)  # fmt: skip


client = httpx.Client(timeout=120)


def shape(url: str) -> dict[int, int]:
    """How many values each function of the page takes."""
    return {d["id"]: len(d["inputs"]) for d in client.get(f"{url}/config").json()["dependencies"]}


def ask(url: str, inputs: dict[int, int], how: str, what: object, more: object) -> None:
    """One request, whose answer must be an answer or a refusal."""
    api = f"{url}/gradio_api"
    headers = {"content-type": "application/json", "accept": "application/json, text/event-stream"}

    def post(path: str, body: object) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return client.post(path, content=content, headers=headers)

    if how == "call":
        response = post(f"{api}/call/v2/{what}", more)
        if response.status_code == 200:
            answer = client.get(f"{api}/call/v2/{what}/{response.json()['event_id']}").text
            told = json.loads(answer.strip().split("\n")[-1].removeprefix("data: "))
            assert "event: complete" in answer or told, answer
            assert "went wrong" not in answer and "Traceback" not in answer, (what, more, answer)
    elif how == "run":
        response = post(f"{api}/run/{what}", {"data": more})
    elif how in ("join", "event"):
        data = more if how == "join" else []
        if how == "event" or len(data) % 4:
            data = (data + [None] * 40)[: inputs.get(what, 0)]
        body = {"fn_index": what, "data": data, "session_hash": f"fuzz{what}"}
        response = post(f"{api}/queue/join", body | ({"event_data": more} if how == "event" else {}))
        if response.status_code == 200:
            with client.stream("GET", f"{api}/queue/data?session_hash=fuzz{what}") as stream:
                for line in stream.iter_lines():
                    assert "went wrong" not in line and "Traceback" not in line, (body, line)
                    if '"close_stream"' in line:
                        break
    elif how == "face":
        response = client.get(f"{url}/{what}", params=more)
    elif how == "mcp":
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": what, "arguments": more}}
        response = post(f"{api}/mcp/", call)
    elif how == "raw":
        response = post(f"{api}/{what}", more)
    else:
        response = client.get(f"{url}/{quote(what)}")
    assert response.status_code < 500 and "Traceback" not in response.text, (how, what, more, response.text[:500])


@settings(fuzzed, phases=as_it_comes)
@given(REQUEST)
def test_any_request_is_answered_or_refused(app, app_url, caplog, monkeypatch, asked):
    monkeypatch.setattr(app.guard, "settings", Settings(calls_a_minute=10**9))
    with caplog.at_level(logging.ERROR):
        ask(app_url, shape(app_url), *asked)
    assert not caplog.records, [record.getMessage() for record in caplog.records]


@pytest.mark.slow
def test_thousands_of_requests_leave_no_trace(quick_checkpoint, tmp_path):
    """No 500, no traceback in the log, no growth of memory, handles or threads; FACEGEN_FUZZ requests, or 2,000."""
    examples, asked, sizes = int(os.environ.get("FACEGEN_FUZZ", 2000)), 0, []
    with served(quick_checkpoint, tmp_path, FACEGEN_CALLS_A_MINUTE="1000000000") as server:
        inputs = shape(server.url)

        @settings(anything, max_examples=examples, phases=as_it_comes)
        @given(REQUEST)
        def requests(request):
            nonlocal asked
            ask(server.url, inputs, *request)
            asked += 1
            if asked % (examples // 20) == 0:
                sizes.append(server.size)

        requests()
        log = server.log.read_text()
    print(f"{asked} requests", *sizes, sep="\n")
    assert "Traceback" not in log and " 500 " not in log, log[-3000:]
    early, late = sizes[len(sizes) // 3], sizes[-1]
    assert late["memory"] < early["memory"] * 1.1 + 10
    assert late["handles"] < early["handles"] + 20 and late["threads"] < early["threads"] + 20
