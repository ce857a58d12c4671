"""Write the published contracts from the code: `python -m scripts.publish_api [--check]`.

docs/api/asyncapi.yaml says what goes over the bus, docs/api/openapi.yaml what goes over HTTP. With `--check` nothing
is written: each place where a document differs from the code is named, and the exit code is 1 if there is any.
"""

import argparse
import sys
import tomllib
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")  # the user's choice: docs/decisions/0002

from scripts.api.asyncapi import asyncapi  # noqa: E402 - the filter comes first
from scripts.api.openapi import openapi  # noqa: E402 - the filter comes first
from scripts.api.text import as_yaml  # noqa: E402 - the filter comes first

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "api"
COMMAND = "python -m scripts.publish_api"
DOCUMENTS: Mapping[str, Callable[[str], dict[str, Any]]] = {"asyncapi.yaml": asyncapi, "openapi.yaml": openapi}
_MOST_NAMED = 20


def release() -> str:
    """Return the number of the release that is being made."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return str(project["version"])


def documents() -> dict[str, str]:
    """Return the documents as text, by file name."""
    return {name: as_yaml(make(release())) for name, make in DOCUMENTS.items()}


def differences(published: Any, made: Any, place: str = "") -> Iterator[str]:  # noqa: ANN401 - any JSON
    """Yield the places at which a published document is not what the code says."""
    if isinstance(published, dict) and isinstance(made, dict):
        for key in {**published, **made}:
            yield from differences(published.get(key), made.get(key), f"{place}/{key}")
    elif published != made:
        word = "is not published" if published is None else "is no more" if made is None else "has changed"
        yield f"{place} {word}"


def stale(name: str, text: str, folder: Path = FOLDER) -> list[str]:
    """Return what is wrong with a published document; empty if it is as the code says."""
    path = folder / name
    if not path.exists():
        return [f"{name} is missing"]
    published = path.read_text("utf-8")
    if published == text:
        return []
    found = [f"{name}: {each}" for each in differences(yaml.safe_load(published), yaml.safe_load(text))]
    return found or [f"{name} is written in another way"]


def main(arguments: list[str] | None = None) -> int:
    """Write both documents, or tell what is stale."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=main.__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if a document is stale")
    if not parser.parse_args(arguments).check:
        FOLDER.mkdir(parents=True, exist_ok=True)
        for name, text in documents().items():
            (FOLDER / name).write_text(text, "utf-8")
        return 0
    found = [line for name, text in documents().items() for line in stale(name, text)]
    sys.stdout.writelines(f"docs/api/{line}\n" for line in found[:_MOST_NAMED])
    if len(found) > _MOST_NAMED:
        sys.stdout.write(f"… and {len(found) - _MOST_NAMED} more\n")
    if found:
        sys.stdout.write(f"the code says something else than docs/api: if that is meant, {COMMAND}\n")
    return int(bool(found))


if __name__ == "__main__":
    raise SystemExit(main())
