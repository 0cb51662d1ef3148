"""A checkpoint on disk: a folder of model.safetensors + config.json, read, checked and written.

Weight matrices are stored as int8 with one scale for each output row, a quarter of float32; biases and the like stay
float32. What is read is float32 again. config.json carries the SHA-256 of the weights and of itself under "sha256": a
flipped byte is refused, not drawn with. A config without the entry is read as it stands.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facegen import __version__
from facegen.errors import UserError
from facegen.files import write_atomic

if TYPE_CHECKING:
    from torch import Tensor

WEIGHTS, CONFIG = "model.safetensors", "config.json"
NEW = f"{WEIGHTS}.new"  # weights on their way: a save that is killed once its config is written is read from here
PICKLES = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt")
FORMAT = 1  # of the folder; a reader refuses a higher one


class CheckpointError(UserError):
    """A checkpoint that can't be found, read or published; one sentence, for people."""


def read_config(folder: Path) -> dict[str, Any]:
    """The config of a checkpoint folder, checked against its own SHA-256 and without it. Raises `CheckpointError`."""
    return _config(Path(folder))[0]


def _config(folder: Path) -> tuple[dict[str, Any], str | None]:
    path = folder / CONFIG
    if not path.is_file():
        raise CheckpointError(f"{folder} is no checkpoint: {CONFIG} is missing")
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(config, dict):
            raise ValueError("expected an object")
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} is no JSON object: {error}") from None
    sums = config.pop("sha256", None)
    if sums is not None:
        if not isinstance(sums, dict) or sums.get(CONFIG) != _fingerprint(config):
            raise CheckpointError(
                f"{path} is not as it was written: restore it, or take its entry 'sha256' out to use it as it stands"
            )
    version = config.pop("format_version", FORMAT)
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise CheckpointError(f"{path} says format_version {version!r}: expected a whole number from 1")
    if version > FORMAT:
        raise CheckpointError(
            f"{path} is of format {version} and this facegen {__version__} reads up to {FORMAT}: update facegen"
        )
    return config, None if sums is None else str(sums.get(WEIGHTS))


def read(folder: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Config and float32 tensors of a checkpoint folder. Raises `CheckpointError`."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    folder = Path(folder)
    if not (folder / WEIGHTS).is_file():
        if folder.is_dir() and any(p.suffix in PICKLES for p in folder.iterdir()):
            raise CheckpointError(holds_pickle(folder))
        raise CheckpointError(f"{folder} is no checkpoint: {WEIGHTS} is missing")
    config, expected = _config(folder)
    try:
        weights = next((folder / name for name in (WEIGHTS, NEW) if _fits(folder / name, expected)), None)
        if weights is None:
            raise CheckpointError(
                f"{folder / WEIGHTS} is damaged: its SHA-256 is not the one in {CONFIG}; download or copy it again"
            )
        stored = load_file(weights)  # mapped into memory, where reading it would hold it a second time
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{folder / WEIGHTS} is truncated or no safetensors file: {error}") from None
    return config, _unpack(stored)


def write(folder: Path, config: dict, tensors: dict[str, Tensor]) -> None:
    """Write config.json and model.safetensors, with the SHA-256 of both in config.json.

    After a kill at any moment the folder holds the old checkpoint or the new one.
    """
    from safetensors.torch import save

    folder = Path(folder)
    # As JSON will have it when it is read back.
    config = json.loads(json.dumps({"format_version": FORMAT, **config}))
    data = save(_pack(tensors))
    sums = {CONFIG: _fingerprint(config), WEIGHTS: hashlib.sha256(data).hexdigest()}
    write_atomic(folder / NEW, data)
    write_atomic(folder / CONFIG, json.dumps({**config, "sha256": sums}, indent=1) + "\n")  # the new one counts
    os.replace(folder / NEW, folder / WEIGHTS)


def holds_pickle(where: object) -> str:
    """The sentence for a checkpoint that is no safetensors file."""
    return f"{where} holds a pickle, which can run code when it is read, so it isn't; {WEIGHTS} is needed"


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal; of a checkpoint folder, that of the weights that `read` takes."""
    expected = _config(path)[1] if path.is_dir() else None
    if expected is not None:
        return expected
    return _sha256(path / WEIGHTS if path.is_dir() else path)


def _fits(weights: Path, expected: str | None) -> bool:
    return weights.is_file() and (expected is None or _sha256(weights) == expected)


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fingerprint(config: dict) -> str:
    """SHA-256 of a config whatever its layout; the entry of the sums themselves is left out."""
    said = {key: value for key, value in config.items() if key != "sha256"}
    return hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _pack(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    import torch

    packed: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        tensor = tensor.detach().float().cpu().contiguous()
        if tensor.dim() < 2 or tensor.numel() < 4096:
            packed[name] = tensor
            continue
        rows = tensor.flatten(1)
        scale = rows.abs().amax(1, keepdim=True).clamp(min=1e-12) / 127
        packed[name] = (rows / scale).round().to(torch.int8).view(tensor.shape).contiguous()
        packed[f"{name}.scale"] = scale.squeeze(1)
    return packed


def _unpack(stored: dict[str, Tensor]) -> dict[str, Tensor]:
    import torch

    tensors = {}
    for name, tensor in stored.items():
        if f"{name}.scale" in stored:
            scale = stored[f"{name}.scale"]
            tensors[name] = tensor.float().mul_(scale.view(-1, *[1] * (tensor.dim() - 1)))
        elif not name.endswith(".scale") or name.removesuffix(".scale") not in stored:
            tensors[name] = tensor.to(torch.float32, copy=True)  # a view would keep the file mapped
    return tensors
