"""Which module may import which: read with `ast`, so that imports inside functions and for types count, too."""

from __future__ import annotations

import ast
import graphlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# From the ground up. A module imports from its own room and from floors below; rooms of one floor don't know each
# other.
FLOORS: tuple[tuple[str, ...], ...] = (
    ("facegen", "facegen.errors"),
    ("facegen.files",),
    ("facegen.attributes",),
    ("facegen.person",),
    ("facegen.picture",),
    ("facegen.storage",),  # folders of tensors
    ("facegen.hub",),  # where they are found and published: knows no network
    ("facegen.registry",),  # model_type -> class, named in a table and imported when one is loaded
    ("facegen.reading", "facegen.drawing"),
    ("facegen.data",),  # annotation shows what a classifier of drawing/ proposes
    ("facegen.networks",),
    ("facegen.face", "facegen.request"),  # what comes out of a pipeline; what may be asked of it, checked
    ("facegen.pipeline",),
    ("facegen.bulk",),  # many descriptions at once
    ("facegen.ui", "facegen.evaluation", "facegen.training"),
    ("facegen.generate",),
    ("facegen.cli",),
    ("facegen.__main__",),
)
ROOMS = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}

# Of the extra `train`; tqdm isn't here, since huggingface_hub brings it.
TRAINING_PACKAGES = (
    "accelerate", "cv2", "datasets", "dlib", "jinja2", "matplotlib", "scipy", "sklearn", "tensorboard", "torchmetrics",
)  # fmt: skip


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


TREES = {module_name(path): ast.parse(path.read_text()) for path in (ROOT / "facegen").rglob("*.py")}


def imports(name: str) -> set[tuple[str, str]]:
    """(module, name taken from it or "") of every import in a module, wherever it stands."""
    found = set()
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Import):
            found |= {(alias.name, "") for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{name}, line {node.lineno}: imports are absolute"
            found |= {(node.module or "", alias.name) for alias in node.names}
    return found


def inner(name: str) -> set[str]:
    """The modules of facegen that a module imports."""
    found = set()
    for module, taken in imports(name):
        if module.split(".")[0] == "facegen":
            whole = f"{module}.{taken}"
            found.add(whole if whole in TREES else module)
    return found


def room(name: str) -> str:
    return max((r for r in ROOMS if name == r or name.startswith(f"{r}.")), key=len)


def test_every_module_has_its_room():
    assert {room(name) for name in TREES} <= ROOMS.keys()
    lost = [name for name in TREES if room(name) == "facegen" and name != "facegen"]
    assert not lost, f"on no floor of the house: {lost}"


def test_no_module_imports_itself_by_a_way_round():
    order = graphlib.TopologicalSorter({n: inner(n) - {n} for n in TREES})
    try:
        order.prepare()
    except graphlib.CycleError as error:
        pytest.fail(f"a circle of imports: {' <- '.join(error.args[1])}")


def test_imports_run_downwards():
    wrong = {
        (name, other)
        for name in TREES
        for other in inner(name)
        if room(name) != room(other) and ROOMS[room(other)] >= ROOMS[room(name)]
    }
    assert wrong == set(), "imports upwards, or of a room beside"


def test_no_private_name_is_taken_from_another_module():
    taken = {
        (name, f"{module}.{what}")
        for name in TREES
        for module, what in imports(name)
        if module.startswith("facegen") and what.startswith("_") and not what.startswith("__")
    }
    assert taken == set()


@pytest.mark.parametrize(("package", "where"), [("gradio", "facegen.ui"), ("torch", "facegen.reading.network")])
def test_a_heavy_package_is_kept_where_it_belongs(package, where):
    """gradio in ui/ alone; of reading/, only the recurrent reader needs torch."""
    wing = where.rpartition(".")[0] if package == "torch" else "facegen"
    users = {n for n in TREES if n.startswith(wing) and any(m.split(".")[0] == package for m, _ in imports(n))}
    assert users and not {n for n in users if n != where and not n.startswith(f"{where}.")}


def test_the_core_starts_without_training_packages():
    code = f"import sys, facegen.cli, facegen.pipeline; print(*(set({TRAINING_PACKAGES}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == []
