"""The Hub, as a real server on loopback: what works, and what each of its faults is told as."""

import json
import os
import subprocess
import sys

import pytest
from local_hub import LARGE, TOKEN, LocalHub

from facegen import hub
from facegen.cli import main

CARD = "---\nlicense: other\nlicense_name: research\nlibrary_name: facegen\npipeline_tag: text-to-image\n---\n# Tiny\n"

# The client reads its environment once, when it is imported; so the commands run in one process of their own.
WORKER = """if True:
    import contextlib, hashlib, io, json, os, sys, traceback
    from facegen import FacePipeline
    from facegen.cli import main
    from facegen.pipeline import load_or_embedded

    def draw(source, **options):
        face = FacePipeline.from_pretrained(source, **options)("a man", seed=3)
        print(hashlib.sha256(face.image.tobytes()).hexdigest(), face.settings["model"])

    def serve(source):
        pipe = load_or_embedded(source)
        print(pipe.model, "|", pipe.notice)

    for line in sys.stdin:
        arguments, options, environment = json.loads(line)
        os.environ.update(environment)
        out, error, code = io.StringIO(), io.StringIO(), 0
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
            try:
                if options is None:
                    main(arguments)
                else:
                    {"draw": draw, "serve": serve}[arguments[0]](*arguments[1:], **options)
            except SystemExit as end:
                code = end.code
            except BaseException:
                traceback.print_exc()
                code = 1
        for name in environment:
            del os.environ[name]
        print(json.dumps([code, out.getvalue(), error.getvalue()]), flush=True)
"""


@pytest.fixture(scope="module")
def server():
    with LocalHub() as hub_:
        yield hub_


@pytest.fixture(scope="module")
def worker(server, tmp_path_factory):
    more = {"HF_ENDPOINT": server.url, "HF_HOME": str(tmp_path_factory.mktemp("hf")), "HF_HUB_DISABLE_XET": "1"}
    more |= {"HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_HUB_DOWNLOAD_TIMEOUT": "5", "OMP_NUM_THREADS": "1"}
    environment = {key: value for key, value in os.environ.items() if key not in ("HF_TOKEN", "FACEGEN_MODEL")} | more
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([sys.executable, "-c", WORKER], **pipes, text=True, env=environment) as process:
        yield process
        process.stdin.close()


@pytest.fixture
def online(server):
    server.repos.clear()
    server.seen.clear()
    server.fault = None
    return server


@pytest.fixture
def run(worker):
    """Runs a command, or one of the worker's functions where `options` are given: (exit code, stdout, stderr)."""

    def run_(*arguments, options=None, **environment):
        print(json.dumps([[str(a) for a in arguments], options, environment]), file=worker.stdin, flush=True)
        return json.loads(worker.stdout.readline())

    return run_


@pytest.fixture(scope="module")
def trained(faces, tmp_path_factory):
    """A checkpoint of a few steps of the toy recipe."""
    folder = tmp_path_factory.mktemp("trained")
    stages = ("autoencoder", "flow", "distillation", "adversarial", "detail")
    few = ["--set=generator.attributes=[black_hair, blond_hair]", *(f"--set={stage}.steps=2" for stage in stages)]
    with pytest.raises(SystemExit) as end:
        where = [f"--data={faces}", f"--out={folder}", f"--cache={folder / 'cache'}"]
        main(["train", "default", "--recipe=toy", *where, *few])
    assert end.value.code == 0
    return folder / "000-default/checkpoint"


@pytest.fixture
def files(small_checkpoint) -> dict[str, bytes]:
    return {f.name: f.read_bytes() for f in small_checkpoint.iterdir()} | {"README.md": CARD.encode()}


@pytest.fixture
def generate(run, tmp_path):
    def generate_(model, **environment):
        out = tmp_path / "face.png"
        done = run("generate", "a man", "--model", model, "-o", out, **environment)
        assert done[0] != 0 or out.exists()
        assert done[0] == 0 or not list(tmp_path.glob("*.p*"))
        return done

    return generate_


def told(done) -> str:
    """The one sentence of a command that failed as it should."""
    code, _, error = done
    assert code == 2 and "Traceback" not in error, error
    lines = [line for line in error.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1, error
    return lines[0]


def test_round_trip_at_a_revision(online, run, tmp_path, trained):
    """Trained, pushed, taken from an empty cache at that commit: the same bytes, whatever the branch has become."""
    folder = tmp_path / "model"
    folder.mkdir()
    for file in trained.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    push = ["push", folder, "tester/tiny", "--private"]
    assert "has no card" in told(run(*push, HF_TOKEN=TOKEN))
    assert "is no checkpoint" in told(run("push", trained.parent, "tester/run", HF_TOKEN=TOKEN))  # a training's state
    (folder / "README.md").write_text("# No front matter\n")
    assert "doesn't say license" in told(run(*push, HF_TOKEN=TOKEN))
    assert not online.repos
    (folder / "README.md").write_text(CARD)
    (folder / "LICENSE").write_text("Research only.\n")
    (folder / "notes.txt").write_text("mine")
    code, _, error = run(*push, HF_TOKEN=TOKEN)
    assert code == 0, error
    repo = online.repos["tester/tiny"]
    commit = repo.refs["main"]
    assert repo.private and set(repo.commits[commit]) == {
        ".gitattributes",
        "LICENSE",
        "README.md",
        hub.CONFIG,
        hub.WEIGHTS,
    }
    assert repo.commits[commit][hub.WEIGHTS] == (folder / hub.WEIGHTS).read_bytes()

    here = run("draw", folder, options={})[1].split()
    repo.commit({"README.md": b"emptied"})
    code, drawn, error = run("draw", f"tester/tiny@{commit}", options={}, HF_TOKEN=TOKEN)
    assert drawn.split()[0] == here[0], error
    assert drawn.split()[1].startswith(f"tester/tiny@{commit}@")
    options = {"revision": commit, "token": TOKEN, "cache_dir": str(tmp_path / "cache")}
    code, drawn, error = run("draw", "tester/tiny", options=options)
    assert drawn.split()[0] == here[0], error
    assert list((tmp_path / "cache").rglob(hub.WEIGHTS))
    assert any(agent.startswith("facegen/") for _, path, agent in online.seen if "/resolve/" in path)

    code, _, error = run(*push, "--revision", "try", "--message", "Again", HF_TOKEN=TOKEN)
    assert code == 0 and repo.refs["try"] != repo.refs["main"], error


def test_models_tells_which_are_embedded_downloaded_and_on_the_hub(online, run, generate, files):
    online.add("maker/kept", files)
    online.add("maker/there", files)
    online.add("maker/other", {"README.md": b"---\nlibrary_name: timm\n---\n"})
    assert generate("maker/kept")[0] == 0
    where = {m["name"].partition("@")[0]: m["where"] for m in map(json.loads, run("models", "--json")[1].splitlines())}
    assert where["default"] == "embedded" and where["maker/kept"] == "downloaded" and "maker/there" not in where
    _, printed, error = run("models", "--hub")
    lines = {line.split()[0].partition("@")[0]: line for line in printed.splitlines()}
    assert "on the Hub" in lines["maker/there"] and "downloaded" in lines["maker/kept"], error
    assert "maker/other" not in lines
    online.fault = ("drop", "/api/models")
    assert "check the network" in told(run("models", "--hub"))


FAULTS = {
    "the connection drops": (("drop", "/api/"), "check the network"),
    "a file's connection drops": (("drop", "/resolve/"), "check the network"),
    "every file is cut": (("cut", "safetensors"), "check the network"),
    "a login page answers": (("html", ".*"), "check the network"),
    "no right": (("403", "/api/models"), "may not do this"),
    "not there": (("404", "/api/models"), "check the spelling"),
    "too many": (("429", "/api/models"), "wait some minutes"),
    "a broken Hub": (("500", "/api/models"), "try again later"),
    "one byte flipped": (("flip", "safetensors"), "damaged"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_the_hub_is_one_sentence(online, generate, files, name):
    (fault, words), repo = FAULTS[name], f"maker/{name.replace(' ', '-').replace(chr(39), '')}"
    # Weights of their own, as the Hub's client knows large files by their SHA-256; large, so that the Hub names that.
    online.add(repo, files)
    online.fault = fault
    said = told(generate(repo))
    assert words in said and repo in said
    # Nothing of it is in the way of the next try.
    online.fault = None
    assert generate(repo)[0] == 0


def test_who_may_read(online, generate, files):
    online.add("maker/secret", files, private=True)
    online.add("maker/gated", files, gated=True)
    assert "hf auth login" in told(generate("maker/secret"))
    assert "ask for access" in told(generate("maker/gated"))
    assert "no such repo, or it is private" in told(generate("maker/none"))
    assert "no such revision" in told(generate("maker/secret@v9", HF_TOKEN=TOKEN))
    assert generate("maker/gated", HF_TOKEN=TOKEN)[0] == 0


def test_a_pickle_is_told_and_not_fetched(online, generate, files):
    online.add("maker/old", {hub.CONFIG: files[hub.CONFIG], "pytorch_model.bin": b"\x80\x04N." * LARGE})
    assert "holds a pickle" in told(generate("maker/old"))
    assert not [path for _, path, _ in online.seen if path.endswith("pytorch_model.bin")]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (("lfs", "lfs"), "storage is full"),
        (("401", "create"), "hf auth login"),
        (("drop", "/store/"), "check the network"),
    ],
)
def test_a_push_that_fails_is_one_sentence(online, run, tmp_path, fault, words):
    for name in (hub.CONFIG, hub.WEIGHTS):  # large enough for LFS
        (tmp_path / name).write_bytes((hub.embedded("reader") / name).read_bytes())
    (tmp_path / "README.md").write_text(CARD)
    online.fault = fault
    assert words in told(run("push", tmp_path, "tester/reader", HF_TOKEN=TOKEN))
    assert all(hub.WEIGHTS not in files for repo in online.repos.values() for files in repo.commits.values())


def test_the_environment_chooses_and_a_server_starts_without_the_hub(online, run, tmp_path, files):
    online.add("maker/face", files)
    code, printed, error = run("generate", "a man", "-o", tmp_path / "a.png", "--json", FACEGEN_MODEL="maker/face")
    assert code == 0 and json.loads(printed)["model"].startswith("maker/face@"), error
    online.fault = ("drop", ".*")
    code, printed, error = run("serve", "maker/other", options={})
    model, _, notice = printed.partition("|")
    assert model.startswith("default@") and "maker/other" in notice and "check the network" in notice, error
