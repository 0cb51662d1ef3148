"""A face has the same bytes on any number of threads, and is drawn on as many as find a core."""

import torch

from facegen.drawing import threads as threading
from facegen.drawing.threads import threads

TEXT = "a bearded man, no glasses"


def test_the_number_of_threads_changes_no_bit_of_the_embedded_network(pipe):
    generator, said = pipe.generator, pipe.encode({"beard": True, "smiling": False})
    code = generator.appearance(generator.identity([7]), said)

    def draw() -> bytes:
        assert torch.equal(generator.appearance(generator.identity([7]), said), code)
        return generator.notch(generator.enlarger(generator.decoder(code, said))).numpy().tobytes()

    assert len({on(n, draw) for n in (1, 2, 3)}) == 1


def on(n, work):
    with threads(n):
        return work()


def test_threads_are_as_many_as_find_a_core(tmp_path, monkeypatch):
    """Of a machine's cores, less what others run, less what a container may not use."""
    for name, path in (("PROC", "loadavg"), ("QUOTA", "cpu.max")):
        monkeypatch.setattr(threading, name, tmp_path / path)
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1, 2, 3})
    with threads(4):
        assert threading.free() == 4  # neither file is there
        for running, free in ((1, 4), (2, 3), (4, 1), (9, 1)):
            (tmp_path / "loadavg").write_text(f"0.20 0.18 0.12 {running}/80 11206\n")
            assert threading.free() == free
        (tmp_path / "loadavg").write_text("0.20 0.18 0.12 1/80 11206\n")
        for quota, free in (("max 100000", 4), ("200000 100000", 2), ("50000 100000", 1)):
            (tmp_path / "cpu.max").write_text(quota)
            assert threading.free() == free
    with threads(2):
        (tmp_path / "cpu.max").unlink()
        assert threading.free() == 2  # whoever sets a number means at most that
