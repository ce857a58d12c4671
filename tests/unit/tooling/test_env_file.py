"""`.env`, its template and docker-compose.yml name the same variables; secrets are made once and only for the owner."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
TEMPLATE = ROOT / ".env.example"


def make_env(target: Path, template: Path = TEMPLATE) -> None:
    subprocess.run([ROOT / "scripts" / "make_env", template, target], check=True, capture_output=True)


def values(path: Path) -> dict[str, str]:
    return dict(re.findall(r"^([A-Z][A-Z0-9_]*)=(.*)$", path.read_text("utf-8"), re.MULTILINE))


def test_every_secret_is_filled_in_and_none_twice(tmp_path: Path) -> None:
    make_env(tmp_path / ".env")
    secrets = [value for name, value in values(tmp_path / ".env").items() if "PASSWORD" in name]
    assert len(secrets) == len(set(secrets)) == len(values(TEMPLATE))
    assert all(re.fullmatch(r"[0-9a-f]{40}", secret) for secret in secrets)
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600


def test_what_stands_there_stays_and_what_a_release_adds_is_added(tmp_path: Path) -> None:
    (tmp_path / "template").write_text("# words\nFIRST_KEY=change-me\nSECOND_KEY=change-me\n# THIRD=3\n", "utf-8")
    (tmp_path / ".env").write_text("FIRST_KEY=mine\nTHIRD=4\n", "utf-8")
    make_env(tmp_path / ".env", tmp_path / "template")
    once = values(tmp_path / ".env")
    assert once["FIRST_KEY"] == "mine"
    assert once["THIRD"] == "4"
    assert len(once["SECOND_KEY"]) == 40
    make_env(tmp_path / ".env", tmp_path / "template")
    assert values(tmp_path / ".env") == once


@pytest.mark.parametrize("file", ["docker-compose.yml", "docker-compose.tls.yml"])
def test_every_variable_of_the_compose_files_stands_in_the_template(file: str) -> None:
    text = (ROOT / file).read_text("utf-8")
    told = set(re.findall(r"^#? ?([A-Z][A-Z0-9_]*)=", TEMPLATE.read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"\$\{([A-Z][A-Z0-9_]*)", text)) <= told
    assert set(re.findall(r"\$\{([A-Z][A-Z0-9_]*):\?", text)) <= set(values(TEMPLATE))
