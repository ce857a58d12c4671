"""Dockerfile and Compose file are checked by the programs that know them, and it is said where these are not."""

from pathlib import Path

import pytest

from scripts import check_deployment

FAILS = "#!/bin/sh\necho DL3006 tag the image\nexit 1\n"
PASSES = '#!/bin/sh\ntest "$1" != --env-file || grep -q "^SECRET=................................$" "$2"\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker" / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / ".env.example").write_text("# SECRET=change-me\nSECRET=change-me\nPORT=5672\n")
    return tmp_path


def install(project: Path, **programs: str) -> Path:
    folder = project / "bin"
    folder.mkdir()
    for name, text in programs.items():
        program = folder / name.replace("_", "-")
        program.write_text(text)
        program.chmod(0o755)
    return folder


def test_both_pass_and_what_was_checked_is_told(project: Path) -> None:
    programs = install(project, hadolint=PASSES, docker_compose=PASSES)
    assert list(check_deployment.check(project, programs)) == [
        ("hadolint: docker/Dockerfile", False),
        ("docker-compose: docker-compose.yml", False),
    ]


def test_a_complaint_is_told_in_the_programs_words(project: Path) -> None:
    programs = install(project, hadolint=FAILS, docker_compose=PASSES)
    [complaint, _] = check_deployment.check(project, programs)
    assert complaint == ("hadolint: docker/Dockerfile\nDL3006 tag the image", True)


def test_where_a_program_is_not_there_that_is_said_and_passes(project: Path) -> None:
    programs = install(project, hadolint=PASSES)
    [_, missing] = check_deployment.check(project, programs)
    assert missing == ("docker-compose is not installed here: docker-compose.yml NOT checked", False)


def test_every_secret_is_chosen_by_chance() -> None:
    first, second = (check_deployment.throwaway_env("# note\nA=change-me\nB=change-me\nC=1") for _ in range(2))
    assert first != second
    assert "change-me" not in first
    assert len(set(first.splitlines())) == 3
