"""Checkpoints by name: embedded ones, folders, and repos of the Hugging Face Hub; `storage` reads what is found.

What network a checkpoint holds is `registry`'s business.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from importlib import resources
from pathlib import Path
from typing import Any

from facegen import __version__
from facegen.storage import (
    CONFIG,
    PICKLES,
    WEIGHTS,
    CheckpointError,
    digest,
    holds_pickle,
    read,
    read_config,
    write,
)

__all__ = ["CONFIG", "LEAKAGE", "WEIGHTS", "CheckpointError", "at_hand", "check_card", "chosen", "digest", "embedded"]
__all__ += ["on_the_hub", "push", "read", "read_config", "resolve", "write"]

CARD = "README.md"
LEAKAGE = "leakage.json"  # what else changes with each attribute, by `evaluate leakage`
PUBLISHED = [WEIGHTS, CONFIG, CARD, "LICENSE", LEAKAGE, "*.webp", "*.png"]
ENVIRONMENT = "FACEGEN_MODEL"  # names the generator to use where none is chosen
REPO = re.compile(r"[\w.-]+/[\w.-]+")


def embedded(name: str = "default") -> Path:
    """The folder of a checkpoint that ships with the package."""
    packaged = Path(str(resources.files("facegen"))) / "checkpoints" / name
    beside = Path(__file__).parent.parent / "checkpoints" / name  # a checkout, not installed
    return packaged if packaged.is_dir() else beside


def chosen() -> str | None:
    """The generator that the environment chooses, if it does."""
    return os.environ.get(ENVIRONMENT) or None


def resolve(
    source: str | Path | None = None,
    name: str = "default",
    *,
    revision: str | None = None,
    token: str | bool | None = None,
    cache_dir: str | Path | None = None,
) -> Path:
    """The local folder of a checkpoint.

    Args:
        source: a folder; the name of an embedded checkpoint; a Hub repo id, owner/name or owner/name@REVISION, which is
            downloaded once and kept; None for the generator that the environment variable FACEGEN_MODEL names, else for
            the embedded checkpoint called `name`.
        name: which embedded checkpoint.
        revision: branch, tag or commit on the Hub.
        token: of a Hub account, for private and gated repos; None for the one that `hf auth login` has stored.
        cache_dir: where downloads are kept; None for the Hub client's own place.

    Raises:
        CheckpointError: no such folder, or a Hub repo that can't be had.
    """
    if source is None and name == "default":
        source = chosen()
    if source is None:
        return embedded(name)
    if Path(source).is_dir():
        return Path(source)
    if re.fullmatch(r"[a-z]+", str(source)) and (embedded(str(source)) / WEIGHTS).is_file():
        return embedded(str(source))
    repo, _, at = str(source).partition("@")
    if not REPO.fullmatch(repo) or repo.startswith((".", "-")):
        raise CheckpointError(f"{str(source)[:200]!r} is neither a checkpoint folder nor a Hub repo id (owner/name)")
    if at and revision and at != revision:
        raise CheckpointError(f"{str(source)!r} and revision {revision!r} contradict each other: give one of them")
    return _download(repo, at or revision, token, cache_dir)


def _download(repo: str, revision: str | None, token: str | bool | None, cache_dir: str | Path | None) -> Path:
    # Only here: a local start needs no client.
    from huggingface_hub import errors, get_cached_repo_tree, snapshot_download

    what = repo if revision is None else f"{repo}@{revision}"
    try:
        folder = Path(
            snapshot_download(
                repo,
                revision=revision,
                token=token,
                cache_dir=cache_dir,
                allow_patterns=[WEIGHTS, CONFIG, CARD, "LICENSE", LEAKAGE],
                library_name="facegen",
                library_version=__version__,
            )
        )
    except Exception as error:  # a client of a network meets more kinds of error than it names
        raise CheckpointError(
            f"the Hub repo {what!r} can't be had: {_reason(error)}; leave the model out to use the embedded checkpoint"
        ) from error
    weights = folder / WEIGHTS
    if not weights.is_file():
        with contextlib.suppress(errors.CachedRepoTreeNotFoundError):
            tree = get_cached_repo_tree(repo, revision=folder.name, cache_dir=cache_dir)
            if any(file.path.endswith(PICKLES) for file in tree):
                raise CheckpointError(holds_pickle(f"the Hub repo {what!r}"))
        raise CheckpointError(f"the Hub repo {what!r} is no checkpoint: {WEIGHTS} is missing")
    blob = weights.resolve()  # the client names a large file by the SHA-256 that the Hub has of it
    if re.fullmatch("[0-9a-f]{64}", blob.name) and digest(blob) != blob.name:
        weights.unlink()
        blob.unlink(missing_ok=True)
        raise CheckpointError(f"the download of {what!r} is damaged (its SHA-256 is not the Hub's): try again")
    return folder


def _reason(error: Exception) -> str:
    """What went wrong between us and the Hub, and what to do about it."""
    import httpx
    from huggingface_hub import errors

    for cause in (error, error.__cause__, error.__context__):
        match cause:
            case errors.GatedRepoError():
                return "it is gated: ask for access on its page, then log in with `hf auth login`"
            case errors.RevisionNotFoundError():
                return "there is no such revision: check the branch, tag or commit"
            case errors.RepositoryNotFoundError():
                return "there is no such repo, or it is private: check the spelling, or log in with `hf auth login`"
            case errors.HFValidationError():
                return "a repo id has the form owner/name, of letters, digits, '-', '_' and '.'"
            case errors.HfHubHTTPError() if cause.response is not None:
                return _status(cause.response.status_code, str(cause))
            case httpx.TransportError():
                return f"the connection failed ({type(cause).__name__}): check the network and try again"
            case json.JSONDecodeError():
                return "what answered is not the Hub (a proxy's or a network's login page, perhaps): check the network"
            case OSError() if cause.errno and not isinstance(cause, errors.LocalEntryNotFoundError):
                return f"{cause.strerror or cause}: check the disk and the cache folder"
    line = " ".join(str(error).split()) or type(error).__name__
    return f"{line[:300].rstrip('.')}: check the network and try again"


def _status(code: int, said: str) -> str:
    if code == 401:
        return "the Hub wants to know who asks: log in with `hf auth login`"
    if code == 403:
        return "your account or token may not do this: check its rights on the Hub, and log in with `hf auth login`"
    if code == 404:
        return "there is no such repo or file: check the spelling"
    if code == 429:
        return "too many requests: wait some minutes, or log in with `hf auth login` for a larger share"
    if code >= 500:
        return f"the Hub has a problem of its own (HTTP {code}): try again later"
    return f"the Hub refused (HTTP {code}): {(said.strip().splitlines() or [''])[0][:200]}"


def at_hand() -> list[dict[str, Any]]:
    """The checkpoints on this machine: embedded ones, then those that were downloaded from the Hub.

    Returns:
        [{"name", "where" (embedded or downloaded), "type", "px" (None for a reader), "mb", "licence", "folder"}].
    """
    from huggingface_hub import CacheNotFound, scan_cache_dir

    folders = [(f.name, f) for f in sorted(embedded().parent.iterdir()) if (f / WEIGHTS).is_file()]
    with contextlib.suppress(CacheNotFound):
        for repo in scan_cache_dir().repos:
            for revision in repo.revisions:
                folders.append((f"{repo.repo_id}@{revision.commit_hash[:12]}", revision.snapshot_path))
    found = []
    for name, folder in folders:
        with contextlib.suppress(CheckpointError, OSError):
            config = read_config(folder)
            if str(config.get("model_type")).startswith("facegen-"):
                weights = (folder / WEIGHTS).stat().st_size
                found.append(
                    {
                        "name": name,
                        "where": "downloaded" if "@" in name else "embedded",
                        "type": config["model_type"],
                        "px": config.get("image_size") or _px(config),
                        "mb": round(weights / 1e6, 1),
                        "licence": _licence(folder),
                        "folder": str(folder),
                    }
                )
    return found


def on_the_hub() -> list[str]:
    """The Hub's repos whose card names this library, by id. Raises `CheckpointError` where it can't be asked."""
    from huggingface_hub import HfApi

    try:
        api = HfApi(library_name="facegen", library_version=__version__)
        return [model.id for model in api.list_models(filter="facegen")]
    except Exception as error:  # a client of a network meets more kinds of error than it names
        raise CheckpointError(f"the Hub can't be asked which models it has: {_reason(error)}") from error


def _px(config: dict[str, Any]) -> int | None:
    """Side in px of what a generator of these channels draws; None for a reader, whose channels are one number."""
    channels = config.get("channels")
    if not isinstance(channels, list) or not channels:
        return None
    return config.get("first", 4) * 2 ** (len(channels) - 1) * (2 if config.get("enlarger_channels") else 1)


def _licence(folder: Path) -> str:
    """The licence that the front matter of a folder's card names."""
    with contextlib.suppress(OSError):
        for line in (folder / CARD).read_text(encoding="utf-8").splitlines():
            if line.startswith(("license_name:", "license:")) and "other" not in line:
                return line.partition(":")[2].strip()
    return "not said"


def push(
    folder: Path,
    repo_id: str,
    private: bool = False,
    *,
    revision: str | None = None,
    commit_message: str | None = None,
    token: str | bool | None = None,
) -> str:
    """Upload a checkpoint folder with its card and licence to the Hub; returns the commit's address.

    Args:
        private: of a repo that is made by this; one that exists stays as it is.
        revision: a branch, made where there is none; None for the main one.

    Raises:
        CheckpointError: the folder can't be read or has no card with a licence, or the Hub refuses.
    """
    from huggingface_hub import HfApi

    read(folder)  # refuse to publish what can't be loaded
    check_card(folder)
    try:
        api = HfApi(token=token, library_name="facegen", library_version=__version__)
        api.create_repo(repo_id, private=private, exist_ok=True)
        if revision is not None:
            api.create_branch(repo_id, branch=revision, exist_ok=True)
        commit = api.upload_folder(
            folder_path=folder,
            repo_id=repo_id,
            revision=revision,
            commit_message=commit_message or f"Upload of facegen {__version__}",
            allow_patterns=PUBLISHED,
        )
    except Exception as error:  # a client of a network meets more kinds of error than it names
        raise CheckpointError(f"can't push to the Hub repo {repo_id!r}: {_reason(error)}") from error
    return str(commit)


def check_card(folder: Path) -> None:
    """Refuse a folder whose README.md is no model card that names licence, library and task. `CheckpointError`."""
    from huggingface_hub import ModelCard

    path = Path(folder) / CARD
    if not path.is_file():
        raise CheckpointError(f"{folder} has no card: write {CARD} with a licence and what the model is for")
    try:
        said = ModelCard(path.read_text(encoding="utf-8")).data.to_dict()
    except Exception as error:  # YAML's errors and the card class's own
        raise CheckpointError(f"the front matter of {path} is no model card's: {str(error).splitlines()[0]}") from None
    missing = [key for key in ("license", "library_name", "pipeline_tag") if not said.get(key)]
    if missing:
        raise CheckpointError(f"the front matter of {path} doesn't say {' and '.join(missing)}: add it, then push")
