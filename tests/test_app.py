"""The running app, driven as a program would: the named endpoints, their errors, and the tool for language models."""

import asyncio
import base64
import io
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from PIL import Image

from facegen import picture as metadata


@pytest.fixture(scope="module")
def client(app_url):
    return Client(app_url, verbose=False)


def test_every_action_is_a_named_and_documented_endpoint(client):
    api = client.view_api(return_format="dict")
    assert not api["unnamed_endpoints"]
    assert set(api["named_endpoints"]) == {
        "/generate_face", "/parse_description", "/list_attributes", "/vary_person", "/mix_people", "/breed_people",
        "/explain_words", "/draw_face",
    }  # fmt: skip
    for endpoint in api["named_endpoints"].values():
        assert endpoint["description"].strip()
        assert all(parameter["python_type"]["type"] != "Any" for parameter in endpoint["parameters"])


def test_generate_face_is_the_pipeline(client, quick_pipe):
    path, said = client.predict("a bearded man", 7, {"smiling": "yes"}, api_name="/generate_face")
    with open(path, "rb") as file:
        assert file.read() == quick_pipe("a bearded man", seed=7, overrides={"smiling": True}).png
    assert said["sources"] == {"beard": "text", "male": "text", "smiling": "override"}
    assert metadata.read_settings(path)["overrides"] == {"smiling": True}


def test_a_face_comes_in_twice_the_size_where_its_link_asks(app_url, quick_pipe):
    wanted = quick_pipe("a bearded man", seed=7, size=128)
    assert wanted.image.size == (128, 128)
    by_link = f"{app_url}/face.png?text=a+bearded+man&seed=7"
    assert httpx.get(f"{by_link}&size=128").content == wanted.png
    for size, words in (("100", "this model draws 64 and 128 px"), ("big", "a side in px"), ("-1", "a side in px")):
        refused = httpx.get(f"{by_link}&size={size}")
        assert refused.status_code == 400 and words in refused.json()["error"]


def test_an_order_changes_the_face_before(client, quick_pipe):
    order = {"text": "take the glasses off", "seed": 7, "previous": "a man with glasses and a beard"}
    path, said = client.predict(api_name="/generate_face", **order)
    with open(path, "rb") as file:
        assert file.read() == quick_pipe(order["previous"], seed=7, overrides={"eyeglasses": False}).png
    read = client.predict("take the glasses off", order["previous"], api_name="/parse_description")["attributes"]
    assert read["eyeglasses"] is False and read["beard"] is True
    with pytest.raises(AppError, match="changes nothing"):
        client.predict(api_name="/generate_face", **{**order, "text": "a wall"})


def test_plain_http_takes_the_parameters_by_name(app_url, quick_pipe):
    """As the README does with curl."""
    call = f"{app_url}/gradio_api/call/v2/generate_face"
    body = {"text": "a bearded man", "seed": 7, "overrides": {"hat": "no"}}
    event = httpx.post(call, json=body).raise_for_status().json()["event_id"]
    kind, data = httpx.get(f"{call}/{event}", timeout=300).raise_for_status().text.strip().split("\n")[-2:]
    assert kind == "event: complete"
    file, said = json.loads(data.removeprefix("data: "))
    assert httpx.get(file["url"]).content == quick_pipe("a bearded man", seed=7, overrides={"hat": False}).png
    assert said["sources"]["hat"] == "override"


def test_programs_are_forgotten_once_they_are_answered(app, app_url):
    remembered = set(app.state_holder.session_data)
    call = f"{app_url}/gradio_api/call/v2/parse_description"
    for _ in range(3):
        event = httpx.post(call, json={"text": "a man"}).raise_for_status().json()["event_id"]
        assert "event: complete" in httpx.get(f"{call}/{event}", timeout=300).text
    assert set(app.state_holder.session_data) <= remembered


def test_people_endpoints_lead_back_to_faces(client):
    near = client.predict("7", 0.3, 3, api_name="/vary_person")
    mixed = client.predict("7", near[0], 0.5, api_name="/mix_people")
    brood = client.predict([mixed, "9"], 4, api_name="/breed_people")
    assert len(near) == 3 and len(brood) == 4 and brood[1] == "9"
    path, said = client.predict("a woman", person=brood[-1], api_name="/generate_face")
    assert said["person"] == brood[-1] == metadata.read_settings(path)["person"]


def test_parse_and_attributes(client, quick_pipe):
    assert client.predict("no beard", api_name="/parse_description")["attributes"]["beard"] is False
    rows = client.predict(api_name="/list_attributes")
    assert {row["name"] for row in rows if row["drawable"]} == set(quick_pipe.drawable)


def test_explain_words_names_each_drawn_phrase(client):
    rows = client.predict("an old man with a beard", 3, api_name="/explain_words")
    assert {name for row in rows for name in row["attributes"]} >= {"old", "male", "beard"}
    assert all(0 <= row["change"] <= 100 for row in rows)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"text": " "}, "empty"),
        ({"text": "x" * 2001}, "2,000"),
        ({"text": "a man", "seed": -1}, "out of range"),
        ({"text": "a man", "seed": 2**32}, "out of range"),
        ({"text": "a man", "overrides": {"bread": True}}, "bread"),
        ({"text": "a man", "overrides": {"beard": "maybe"}}, "maybe"),
        ({"text": "a man", "overrides": {"beard": [1]}}, "beard"),
        ({"text": "a man", "overrides": {"young": True, "old": True}}, "contradict"),
        ({"text": "a man", "person": "me"}, "no person"),
        ({"text": "a man", "strength": 99}, "1 (gentle) to 6"),
        ({"text": "a man", "best_of": 9}, "1 (no choice) to 8"),
        ({"text": "a man", "best_of": "three"}, "1 (no choice) to 8"),
        ({"text": None}, "description"),
        ({"text": {"a": 1}}, "description"),
        ({"text": "a man", "seed": "cat"}, "whole number"),
        ({"text": "a man", "seed": [7]}, "whole number"),
        ({"text": "a man", "overrides": ["hat"]}, "overrides"),
        ({"text": "a man", "overrides": {"x" * 3000: True}}, "unknown attribute"),
        ({"text": "a man", "person": "9" * 3000}, "9999"),
        ({"text": "a man", "person": 7.5}, "no person"),
        ({"text": "a man", "strength": "hard"}, "strength"),
    ],
)
def test_mistakes_are_one_sentence(client, arguments, words):
    with pytest.raises(AppError) as error:
        client.predict(api_name="/generate_face", **arguments)
    message = str(error.value)
    assert words.lower() in message.lower() and len(message) < 320
    assert "Traceback" not in message and "\n" not in message


@pytest.mark.parametrize(
    ("endpoint", "arguments", "words"),
    [
        ("vary_person", {"person": "7", "distance": "far"}, "distance"),
        ("vary_person", {"person": "7", "n": 17}, "1 to 16"),
        ("vary_person", {"person": "7", "n": 2.5}, "whole number"),
        ("vary_person", {"person": ["7"]}, "no person"),
        ("mix_people", {"first": "7", "second": "9", "share": 2}, "share"),
        ("mix_people", {"first": "7", "second": None}, "no person"),
        ("breed_people", {"parents": "7"}, "parents"),
        ("breed_people", {"parents": []}, "parents"),
        ("breed_people", {"parents": ["7"], "seed": "x"}, "seed"),
        ("explain_words", {"text": 7}, "description"),
        ("parse_description", {"text": ["a man"]}, "description"),
    ],
)
def test_values_of_a_wrong_kind_are_one_sentence(client, endpoint, arguments, words):
    with pytest.raises(AppError) as error:
        client.predict(api_name=f"/{endpoint}", **arguments)
    message = str(error.value)
    assert words.lower() in message.lower() and "went wrong" not in message and "object" not in message


def test_private_events_cannot_be_called(client):
    with pytest.raises(ValueError, match="[Cc]annot find"):
        client.predict("x", api_name="/typed")


def over_mcp(app_url, *calls) -> tuple:
    """(the tools that are offered, the result of each call), through the protocol's own client."""
    mcp = pytest.importorskip("mcp")
    from mcp.client.streamable_http import streamablehttp_client

    async def talk():
        async with (
            streamablehttp_client(f"{app_url}/gradio_api/mcp/") as (read, write, _),
            mcp.ClientSession(read, write) as session,
        ):
            await session.initialize()
            tools = (await session.list_tools()).tools
            return tools, [await session.call_tool(name, arguments) for name, arguments in calls]

    with ThreadPoolExecutor(1) as pool:  # in this thread, a loop of Playwright's may be running
        return pool.submit(asyncio.run, talk()).result()


def test_language_models_get_one_described_tool_that_answers_with_the_picture(app_url, quick_pipe):
    arguments = {"text": "a bearded man with a zeppelin", "seed": 7, "overrides": {"smiling": "yes"}}
    (tool,), (drawn, empty, hidden) = over_mcp(
        app_url, ("draw_face", arguments), ("draw_face", {"text": " "}), ("generate_face", {"text": "a man"})
    )
    assert tool.name == "draw_face" and "plain English" in tool.description and "synthetic" in tool.description
    properties = tool.inputSchema["properties"]
    assert set(properties) == {"text", "seed", "overrides"} and tool.inputSchema["required"] == ["text"]
    assert all(said["description"] for said in properties.values())

    picture = next(part for part in drawn.content if part.type == "image")
    image = Image.open(io.BytesIO(base64.b64decode(picture.data)))
    wanted = quick_pipe("a bearded man with a zeppelin", seed=7, overrides={"smiling": True})
    assert image.tobytes() == wanted.image.tobytes()
    words = " ".join(part.text for part in drawn.content if part.type == "text")
    assert "beard" in words and "zeppelin" in words and "synthetic" in words

    assert empty.isError and "The description is empty" in empty.content[0].text
    assert hidden.isError
    schema = httpx.get(f"{app_url}/gradio_api/mcp/schema").json()
    assert [entry["name"] for entry in schema] == ["draw_face"]


def test_the_app_s_import_leaves_what_it_speeds_up_as_it_was():
    script = """if True:
        import gc, inspect, torch  # which has a getfile of its own
        getfile = inspect.getfile
        import facegen.ui
        assert inspect.getfile is getfile and gc.isenabled()
    """
    subprocess.run([sys.executable, "-c", script], check=True)
