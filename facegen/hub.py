"""Checkpoints: a folder of model.safetensors + config.json, local, embedded or on the Hugging Face Hub.

Weight matrices are stored as int8 with one scale for each output row, which halves float16 once more; biases and
the like stay float32. What is loaded is float32 again.
"""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from facegen.errors import UserError
from facegen.files import write_atomic

WEIGHTS, CONFIG = "model.safetensors", "config.json"
PICKLES = ("*.bin", "*.pt", "*.pth", "*.pkl", "*.pickle", "*.ckpt")


class CheckpointError(UserError):
    """A checkpoint that can't be found or read; one sentence, for people."""


def embedded(name: str = "default") -> Path:
    """The folder of a checkpoint that ships with the package."""
    packaged = Path(str(resources.files("facegen"))) / "checkpoints" / name
    beside = Path(__file__).parent.parent / "checkpoints" / name  # a checkout, not installed
    return packaged if packaged.is_dir() else beside


def resolve(source: str | Path | None = None, name: str = "default") -> Path:
    """The local folder of a checkpoint: None for the embedded one, a folder, or a Hub repo id (downloaded, cached).

    Raises:
        CheckpointError: no such folder, or a Hub repo that can't be reached.
    """
    if source is None:
        return embedded(name)
    if Path(source).is_dir():
        return Path(source)
    source = str(source)
    looks_like_repo = source.count("/") == 1 and not source.startswith((".", "/", "~")) and "\\" not in source
    if not looks_like_repo:
        raise CheckpointError(f"{source!r} is neither a checkpoint folder nor a Hub repo id (owner/name)")
    from huggingface_hub import snapshot_download  # only here: a local start needs no network code
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(source, allow_patterns=[WEIGHTS, CONFIG, "README.md"]))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0]
        raise CheckpointError(
            f"the Hub repo {source!r} can't be reached ({reason}); leave the model out to use the embedded checkpoint"
        ) from None


def read(folder: Path) -> tuple[dict, dict[str, Tensor]]:
    """Config and float32 tensors of a checkpoint folder. Raises `CheckpointError`."""
    for file in (CONFIG, WEIGHTS):
        if not (folder / file).is_file():
            if file == WEIGHTS and any(p for pattern in PICKLES for p in folder.glob(pattern)):
                raise CheckpointError(f"{folder} holds a pickle, which can run code when it is read; {WEIGHTS} is needed")
            raise CheckpointError(f"{folder} is no checkpoint: {file} is missing")
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        if not isinstance(config, dict):
            raise ValueError("expected an object")
    except ValueError as error:
        raise CheckpointError(f"{folder / CONFIG} is no JSON object: {error}") from None
    try:
        stored = load_file(folder / WEIGHTS)
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{folder / WEIGHTS} is truncated or no safetensors file: {error}") from None
    return config, _unpack(stored)


def write(folder: Path, config: dict, tensors: dict[str, Tensor]) -> None:
    """Write config.json and model.safetensors, each in one move (a kill leaves the old file or the new)."""
    write_atomic(folder / WEIGHTS, lambda path: save_file(_pack(tensors), path))
    write_atomic(folder / CONFIG, json.dumps(config, indent=1) + "\n")


def push(folder: Path, repo_id: str, private: bool = False) -> str:
    """Upload a checkpoint folder to the Hub; returns its address. Raises `CheckpointError`."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    read(folder)  # refuse to publish what can't be loaded
    try:
        api = HfApi()
        api.create_repo(repo_id, private=private, exist_ok=True)
        return str(api.upload_folder(folder_path=folder, repo_id=repo_id, allow_patterns=[WEIGHTS, CONFIG, "README.md"]))
    except (HfHubHTTPError, HFValidationError, OSError, RuntimeError) as error:
        raise CheckpointError(f"can't push to the Hub repo {repo_id!r}: {str(error).strip().splitlines()[0]}") from None


def _pack(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
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
    tensors = {}
    for name, tensor in stored.items():
        if f"{name}.scale" in stored:
            scale = stored[f"{name}.scale"]
            tensors[name] = tensor.float() * scale.view(-1, *[1] * (tensor.dim() - 1))
        elif not name.endswith(".scale") or name.removesuffix(".scale") not in stored:
            tensors[name] = tensor.float()
    return tensors
