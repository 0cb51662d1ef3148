"""The running app, driven as a program would: the named endpoints and their errors."""

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from facegen import metadata


@pytest.fixture(scope="module")
def client(app_url):
    return Client(app_url, verbose=False)


def test_every_action_is_a_named_and_documented_endpoint(client):
    api = client.view_api(return_format="dict")
    assert not api["unnamed_endpoints"]
    assert set(api["named_endpoints"]) == {
        "/generate_face", "/parse_description", "/list_attributes", "/vary_person", "/mix_people", "/breed_people",
        "/explain_words",
    }  # fmt: skip
    for endpoint in api["named_endpoints"].values():
        assert endpoint["description"].strip()
        assert all(parameter["python_type"]["type"] != "Any" for parameter in endpoint["parameters"])


def test_generate_face_is_the_pipeline(client, pipe):
    path, said = client.predict("a bearded man", 7, {"smiling": "yes"}, api_name="/generate_face")
    with open(path, "rb") as file:
        assert file.read() == pipe("a bearded man", seed=7, overrides={"smiling": True}).png
    assert said["sources"] == {"beard": "text", "male": "text", "smiling": "override"}
    assert metadata.read_settings(path)["overrides"] == {"smiling": True}


def test_people_endpoints_lead_back_to_faces(client):
    near = client.predict("7", 0.3, 3, api_name="/vary_person")
    mixed = client.predict("7", near[0], 0.5, api_name="/mix_people")
    brood = client.predict([mixed, "9"], 4, api_name="/breed_people")
    assert len(near) == 3 and len(brood) == 4 and brood[1] == "9"
    path, said = client.predict("a woman", person=brood[-1], api_name="/generate_face")
    assert said["person"] == brood[-1] == metadata.read_settings(path)["person"]


def test_parse_and_attributes(client, pipe):
    assert client.predict("no beard", api_name="/parse_description")["attributes"]["beard"] is False
    rows = client.predict(api_name="/list_attributes")
    assert {row["name"] for row in rows if row["drawable"]} == set(pipe.drawable)


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
    ],
)
def test_mistakes_are_one_sentence(client, arguments, words):
    with pytest.raises(AppError) as error:
        client.predict(api_name="/generate_face", **arguments)
    message = str(error.value)
    assert words in message and "Traceback" not in message and "\n" not in message


def test_private_events_cannot_be_called(client):
    with pytest.raises(ValueError, match="[Cc]annot find"):
        client.predict("x", api_name="/typed")
