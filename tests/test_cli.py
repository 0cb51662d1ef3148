"""The commands: what they print, what they write, and that a mistake is one sentence with exit code 2."""

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from facegen import Face, __version__
from facegen import picture as metadata
from facegen.cli import main


def run(capsys, *arguments):
    """(exit code, stdout, stderr) of a command run in this process."""
    with pytest.raises(SystemExit) as exit_:
        main([str(a) for a in arguments])
    captured = capsys.readouterr()
    return exit_.value.code, captured.out, captured.err


def test_generate_writes_a_face_and_prints_what_is_in_it(capsys, tmp_path):
    out = tmp_path / "a.png"
    code, printed, _ = run(
        capsys, "generate", "a smiling young woman with long blond hair", "--seed", 7, "-o", out, "--json"
    )
    record = json.loads(printed)
    assert code == 0 and record["seed"] == 7 and record["path"] == str(out)
    assert record["attributes"]["blond_hair"] is True and record["attributes"]["male"] is False
    assert set(record["match"]) <= set(record["attributes"])
    with Image.open(out) as image:
        assert image.mode == "RGB"


def test_generate_several(capsys, tmp_path):
    code, _, _ = run(capsys, "generate", "a man", "--seed", 7, "--n", 2, "-o", tmp_path / "out.png")
    assert code == 0 and sorted(p.name for p in tmp_path.iterdir()) == ["out-7.png", "out-8.png"]
    run(capsys, "generate", "a man", "--seed", 8, "-o", tmp_path / "one.png")
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "out-8.png").read_bytes()


def test_set_is_laid_over_the_text(capsys, tmp_path):
    arguments = ["--set", "beard=no", "--set", "smiling=yes", "--set", "hat=auto"]
    code, printed, _ = run(capsys, "generate", "a bearded man", "-o", tmp_path / "a.png", *arguments, "--json")
    record = json.loads(printed)
    assert code == 0 and record["sources"] == {"beard": "override", "male": "text", "smiling": "override"}
    assert metadata.read_settings(tmp_path / "a.png")["overrides"] == {"beard": False, "smiling": True}


def test_existing_file_needs_force(capsys, tmp_path):
    out = tmp_path / "a.png"
    out.write_bytes(b"mine")
    code, _, error = run(capsys, "generate", "a man", "-o", out)
    assert code == 2 and "--force" in error and out.read_bytes() == b"mine"
    code, _, _ = run(capsys, "generate", "a man", "-o", out, "--force")
    assert code == 0 and out.read_bytes().startswith(b"\x89PNG")


def test_nothing_drawable_still_draws_and_says_so(capsys, tmp_path):
    code, printed, _ = run(capsys, "generate", "quux frobnicate", "-o", tmp_path / "a.png")
    assert code == 0 and (tmp_path / "a.png").exists()
    assert "Nothing in the description was understood" in printed


BAD = {
    "empty text": ([""], "empty"),
    "blank text": (["  \n "], "empty"),
    "long text": (["x" * 2001], "2,000"),
    "unknown attribute": (["a man", "--set", "bread=yes"], "unknown attribute 'bread'"),
    "bad state": (["a man", "--set", "beard=maybe"], "beard=maybe"),
    "contradiction": (["a man", "--set", "beard=yes", "--set", "beard=no"], "contradict"),
    "two of an exclusive group": (["a man", "--set", "black_hair=yes", "--set", "red_hair=yes"], "contradict"),
    "seed below": (["a man", "--seed", "-1"], "4294967295"),
    "seed above": (["a man", "--seed", "4294967296"], "4294967295"),
    "seed is a word": (["a man", "--seed", "seven"], "seven"),
    "seeds past the end": (["a man", "--seed", "4294967295", "--n", "2"], "past the last"),
    "a word for a number": (["a man", "--n", "many"], "--n': 'many': input should be a valid integer"),
    "no images": (["a man", "--n", "0"], "at least 1"),
    "strength": (["a man", "--strength", "9"], "1 (gentle) to 6"),
    "size": (["a man", "--size", "300"], "the size 300 px is unknown: this model draws 256 and 512 px"),
    "person": (["a man", "--person", "me"], "'me' is no person"),
    "seed of two minuses": (["a man", "--seed=--5"], "'--5' is no seed"),
    "seed of thousands of digits": (["a man", "--seed", "9" * 5000], "is no seed"),
    "huge n": (["a man", "--n", "1000000000"], "at most 10000"),
    "bytes that are no text": (["a \udcff man"], "UTF-8"),
    "long file name": (["a man", "-o", "{tmp}/" + "x" * 300 + ".png"], "too long"),
    "long attribute": (["a man", "--set", "x" * 3_000_000 + "=yes"], "unknown attribute"),
    "no such file": (["--file", "{tmp}/none.txt"], "can't be read"),
    "file of another kind": (["--file", "{tmp}/folder.png"], ".txt, .csv, .jsonl"),
    "file and text": (["a man", "--file", "{tmp}/a.txt"], "leave TEXT"),
    "no such part": (["--file", "{tmp}/a.txt", "--part", "3/2"], "part '3/2' is none"),
    "reader": (["a man", "--reader", "oracle"], "rules and lstm"),
    "no such folder": (["a man", "-o", "{tmp}/none/a.png"], "no folder"),
    "folder as file": (["a man", "-o", "{tmp}/folder.png"], "it is a folder"),
    "parent is a file": (["a man", "-o", "{tmp}/file/a.png"], "no folder"),
    "not a png": (["a man", "-o", "{tmp}/a.jpg"], ".png"),
    "neither folder nor repo": (["a man", "--model", "{tmp}/nowhere"], "neither a checkpoint folder nor"),
    "unknown option": (["a man", "--colour", "red"], "--colour"),
}


@pytest.mark.parametrize(("arguments", "words"), BAD.values(), ids=BAD)
def test_bad_input_is_one_sentence_and_writes_nothing(capsys, tmp_path, arguments, words):
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "file").write_text("x")
    before = sorted(tmp_path.rglob("*"))
    arguments = [a.replace("{tmp}", str(tmp_path)) for a in arguments]
    if "-o" not in arguments:
        arguments += ["-o", str(tmp_path / "a.png")]
    code, printed, error = run(capsys, "generate", *arguments)
    assert code == 2 and printed == ""
    assert error.count("\n") == 1 and error.startswith("Error: ") and words in error
    assert sorted(tmp_path.rglob("*")) == before


LIST = """description,seed,overrides,out
a bearded man,7,,
a woman,8,"{""smiling"": true}",second.png
,9,,
a man,many,,
a man,9,"{""wings"": true}",
a boat,10,,
a man,11,,../a.png
"""


def test_a_file_is_drawn_and_gone_on_with(capsys, tmp_path, small_checkpoint):
    (tmp_path / "list.csv").write_text(LIST)
    arguments = [
        "generate",
        "--file",
        tmp_path / "list.csv",
        "-o",
        tmp_path / "faces",
        "--json",
        "--model",
        small_checkpoint,
    ]
    code, printed, error = run(capsys, *arguments)
    records = [json.loads(line) for line in printed.splitlines()]
    assert code == 2 and "4 drawn, 0 were there, 3 failed" in error
    assert "row 4: seed 'many' is no seed" in error and "row 5: unknown attribute 'wings'" in error
    assert "row 7: out '../a.png' is no file name" in error
    names = ["000001.png", "second.png", "000003.png", "000006.png"]
    assert [Path(r["path"]).name for r in records] == names
    assert records[0]["seed"] == 7 and records[1]["sources"]["smiling"] == "override"
    made = {name: (tmp_path / "faces" / name).stat().st_mtime_ns for name in names}

    (tmp_path / "faces" / "000006.png").unlink()  # as if it had been stopped
    code, printed, error = run(capsys, *arguments)
    assert "1 drawn, 3 were there, 3 failed" in error and len(printed.splitlines()) == 1
    assert all((tmp_path / "faces" / name).stat().st_mtime_ns == made[name] for name in names[:3])

    (tmp_path / "list.csv").write_text(LIST.replace("a woman", "an old woman"))  # another face is in the way
    code, _, error = run(capsys, *arguments)
    assert "row 2" in error and "--force" in error


def test_parts_of_a_file_are_the_whole(capsys, tmp_path, small_checkpoint):
    (tmp_path / "list.txt").write_text("a man\na woman\na bearded man\nsmiling\na young man\n")
    arguments = ["generate", "--file", tmp_path / "list.txt", "--model", small_checkpoint]
    assert run(capsys, *arguments, "-o", tmp_path / "whole")[0] == 0
    for which, drawn in (("1/2", 3), ("2/2", 2)):
        code, _, error = run(capsys, *arguments, "-o", tmp_path / "parts", "--part", which)
        assert code == 0 and f"{drawn} drawn, 0 were there" in error
    whole, parts = ({f.name: f.read_bytes() for f in (tmp_path / name).iterdir()} for name in ("whole", "parts"))
    assert whole == parts and len(whole) == 5


def test_a_saved_face_is_changed_by_an_order(capsys, tmp_path, small_checkpoint):
    first, second, model = tmp_path / "a.png", tmp_path / "b.png", ["--model", small_checkpoint, "--json"]
    run(capsys, "generate", "a bearded man with glasses", "--seed", 9, "--set", "hat=yes", "-o", first, *model)
    code, printed, _ = run(capsys, "generate", "--from", first, "no beard, smiling", "-o", second, *model)
    said = metadata.read_settings(second)
    assert code == 0 and said["person"] == "9" and said["description"] == "a bearded man with glasses"
    assert said["overrides"] == {"hat": True, "beard": False, "smiling": True}
    assert json.loads(printed)["attributes"]["beard"] is False
    for order, words in (("quux", "changes nothing"), ("", "empty")):
        code, _, error = run(capsys, "generate", "--from", first, order, "-o", tmp_path / "c.png", *model)
        assert code == 2 and words in error
    (tmp_path / "d.png").write_text("no image")
    code, _, error = run(capsys, "generate", "--from", tmp_path / "d.png", "smile", "-o", tmp_path / "c.png", *model)
    assert code == 2 and "no image" in error and not (tmp_path / "c.png").exists()


def test_lines_of_standard_input(capsys, tmp_path, small_checkpoint, monkeypatch):
    lines = "a man\n\na woman, no glasses\n"
    monkeypatch.setattr("sys.stdin", io.StringIO(lines))
    code, printed, _ = run(capsys, "parse", "-", "--json")
    said = [json.loads(line)["attributes"] for line in printed.splitlines()]
    assert code == 0 and said == [{"male": True}, {"male": False, "eyeglasses": False}]
    monkeypatch.setattr("sys.stdin", io.StringIO(lines))
    code, printed, _ = run(capsys, "generate", "-", "-o", tmp_path / "x.png", "--model", small_checkpoint)
    assert code == 0 and sorted(p.name for p in tmp_path.iterdir()) == ["x-000001.png", "x-000002.png"]


def test_version_and_models(capsys):
    code, printed, _ = run(capsys, "--version")
    assert code == 0 and printed == f"facegen {__version__}\n"
    code, printed, _ = run(capsys, "models", "--json")
    found = {m["name"]: m for m in map(json.loads, printed.splitlines())}
    assert code == 0 and found["default"]["px"] == 256 and found["default"]["licence"] == "research-non-commercial"
    assert {"classifier", "reader"} <= set(found)


def test_a_closed_pipe_a_code_page_and_ctrl_c(tmp_path, small_checkpoint):
    """`| head -1` is no failure; a letter that the terminal lacks is none; what was drawn before Ctrl-C is told."""
    command = f"{sys.executable} -m facegen"
    many = f"yes 'a man' | head -3000 | {command} parse - | head -1; echo ${{PIPESTATUS[2]}}"
    done = subprocess.run(["bash", "-c", many], capture_output=True, text=True)
    assert done.stdout.splitlines()[1:] == ["0"] and done.stderr == ""
    done = shell("-m", "facegen", "parse", "a man, \u4f60\u597d", "--json", PYTHONIOENCODING="cp1252")
    assert done.returncode == 0 and json.loads(done.stdout)["attributes"] == {"male": True}, done.stderr
    arguments = ["generate", "a man", "--n", "5000", "--json", "--model", str(small_checkpoint)]
    with subprocess.Popen(
        [sys.executable, "-m", "facegen", *arguments, "-o", str(tmp_path / "a.png")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # What a shell starts in the background ignores Ctrl-C, and so would this.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        first = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        rest, error = process.communicate()
    assert process.returncode == 130 and "Traceback" not in error
    told = [first, *map(json.loads, rest.splitlines())]
    made = {p.name for p in tmp_path.iterdir()}
    untold = made - {Path(r["path"]).name for r in told}
    assert len(made) < 5000 and len(made) - len(untold) == len(told) and len(untold) <= 1  # one was being told of


def test_two_that_write_one_file_lose_none(capsys, tmp_path, small_checkpoint, monkeypatch):
    """Another process writes the file while this one draws: its image stays."""
    out = tmp_path / "a.png"
    save = Face.save
    monkeypatch.setattr(
        Face, "save", lambda self, path, **more: (out.write_bytes(b"theirs"), save(self, path, **more))[1]
    )
    code, _, error = run(capsys, "generate", "a man", "-o", out, "--model", small_checkpoint)
    assert code == 2 and "--force" in error and out.read_bytes() == b"theirs"
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]


def broken(folder: Path, how: str) -> None:
    weights = folder / "model.safetensors"
    if how == "no weights":
        weights.unlink()
    elif how == "no config":
        (folder / "config.json").unlink()
    elif how == "truncated":
        weights.write_bytes(weights.read_bytes()[:-200])
    elif how == "config is no JSON":
        (folder / "config.json").write_text("{")
    elif how == "pickle":
        weights.unlink()
        (folder / "pytorch_model.bin").write_bytes(b"\x80\x04N.")
    elif how == "pickle in disguise":
        weights.write_bytes(b"\x80\x04N.")


@pytest.mark.parametrize(
    "how", ["no weights", "no config", "truncated", "config is no JSON", "pickle", "pickle in disguise"]
)
def test_broken_checkpoints(capsys, tmp_path, small_checkpoint, how):
    folder = tmp_path / "model"
    folder.mkdir()
    for file in small_checkpoint.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    broken(folder, how)
    code, _, error = run(capsys, "generate", "a man", "--model", folder, "-o", tmp_path / "a.png")
    assert code == 2 and error.count("\n") == 1 and str(folder) in error
    assert not (tmp_path / "a.png").exists()


def test_parse_json(capsys):
    code, printed, _ = run(capsys, "parse", "a bearded man, no glasses, on a unicorn", "--json")
    said = json.loads(printed)
    assert code == 0 and said["attributes"] == {"beard": True, "male": True, "eyeglasses": False}
    assert {"keywords", "unused", "undrawable"} <= set(said) and any("unicorn" in word for word in said["unused"])


def test_parse_of_an_empty_text(capsys):
    code, _, error = run(capsys, "parse", " ")
    assert code == 2 and error.count("\n") == 1


def test_help_names_every_command(capsys):
    code, printed, _ = run(capsys, "--help")
    assert code == 0
    for command in ("parse", "generate", "app", "prepare", "annotate", "train", "evaluate", "review", "push"):
        assert f" {command} " in printed


def shell(*arguments, **environment):
    """The command as a shell would start it."""
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, timeout=600, env={**os.environ, **environment}
    )


def test_start_ups_import_no_more_than_they_need(tmp_path):
    """`parse` without torch, `generate` without Gradio and the training packages."""
    script = """if True:
        import sys
        from facegen.cli import main
        def run(*arguments):
            try:
                main(list(arguments))
            except SystemExit as end:
                assert not end.code, end.code
        run("parse", "a bearded man", "--json")
        assert not {"torch", "gradio", "numpy"} & set(sys.modules), "parse"
        run("generate", "a bearded man", "-o", sys.argv[1], "--json")
        heavy = {"gradio", "accelerate", "datasets", "matplotlib", "tensorboard", "cv2", "dlib", "sklearn"}
        heavy |= {"torch._dynamo", "sympy", "pandas"}
        assert not heavy & set(sys.modules), heavy & set(sys.modules)
    """
    done = shell("-c", script, str(tmp_path / "a.png"))
    assert done.returncode == 0, done.stderr


def test_unreachable_hub_repo_points_to_the_embedded_one(tmp_path):
    """Nothing listens on the discard port, as for somebody without a network."""
    arguments = ["-m", "facegen", "generate", "a man", "--model", "nobody/no-such-model", "-o", str(tmp_path / "a.png")]
    done = shell(*arguments, HF_ENDPOINT="http://127.0.0.1:9", HF_HOME=str(tmp_path / "hf"))
    assert done.returncode == 2 and "nobody/no-such-model" in done.stderr and "embedded" in done.stderr
    assert "Traceback" not in done.stderr and not (tmp_path / "a.png").exists()
