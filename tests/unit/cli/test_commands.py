"""How `banyan` starts, and how it fails."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from services.workbench.cli.main import runs_services
from shared.kernel.faults import InvalidRequest, NotFound
from tests.support.fake_bus import FakeBus

ROOT = Path(__file__).parents[3]
Run = Callable[..., Result]


def test_help_names_every_command_in_both_languages(run: Run) -> None:
    said = run("--help")
    assert said.exit_code == 0
    for command in ("demo", "serve", "migrate", "status", "rules", "customers", "governance", "dead-letters"):
        assert command in said.output
    assert "运行服务 · Run services" in said.output


def test_help_loads_neither_services_nor_bus_nor_database() -> None:
    program = (
        "import sys\n"
        "from click.testing import CliRunner\n"
        "from services.workbench.cli.commands import banyan\n"
        "assert CliRunner().invoke(banyan, ['--help']).exit_code == 0\n"
        "heavy = {'eventlet', 'nameko', 'pika', 'sqlalchemy', 'pyarrow', 'durable', 'rich'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["serve", "governance"], True),
        (["demo", "--customers", "20"], True),
        (["serve", "--help"], False),
        (["status", "serve"], False),
        ([], False),
    ],
)
def test_only_commands_that_run_services_patch_the_process(arguments: list[str], expected: bool) -> None:
    assert runs_services(arguments) is expected


def test_an_unknown_command_is_asked_wrongly(run: Run) -> None:
    said = run("serv")
    assert said.exit_code == 2
    assert "No such command 'serv'" in said.output


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_the_script_of_a_shell(run: Run, shell: str) -> None:
    said = run("completion", shell)
    assert said.exit_code == 0
    assert "_BANYAN_COMPLETE" in said.output


def test_a_fault_is_one_line_with_its_code_and_one_with_what_to_do(run: Run, fake_bus: FakeBus) -> None:
    fake_bus.answers["governance", "explain"] = NotFound("there is no contact abc")
    said = run("governance", "explain", "abc")
    assert said.exit_code == 1
    assert said.stdout == ""
    assert said.stderr.splitlines() == [
        "banyan: not_found: there is no contact abc",
        "  → Check the id; ids are case-sensitive.",
    ]


def test_a_fault_of_this_program_is_not_hidden(run: Run, fake_bus: FakeBus) -> None:
    fake_bus.answers["governance", "explain"] = {"not": "a receipt"}
    said = run("governance", "explain", "abc")
    assert said.exit_code == 1
    assert said.exception is not None
    assert "missing required field" in str(said.exception)


def test_faulty_settings_are_named(run: Run) -> None:
    said = run("serve", "governance", BANYAN_AMQP_URL="http://example.com")
    assert said.exit_code == 1
    assert "BANYAN_AMQP_URL must begin with amqp://" in said.stderr


def test_one_database_for_all_services_is_refused(run: Run) -> None:
    said = run("migrate", "catalogue", BANYAN_DATABASE_URL="postgresql://banyan@localhost/banyan")
    assert said.exit_code == 1
    assert "invalid_request: BANYAN_DATABASE_URL must hold {service}" in said.stderr


def test_a_database_that_does_not_answer_is_named_with_its_service(run: Run) -> None:
    said = run("migrate", "channels", BANYAN_DATABASE_URL="postgresql://nobody@127.0.0.1:1/banyan_{service}")
    assert said.exit_code == 1
    assert "database_unavailable: the database of channels cannot be used" in said.stderr


def test_migrations_are_needed_before_serving_and_may_be_run_again(run: Run, tmp_path: Path) -> None:
    refused = run("serve", "channels", BANYAN_VAR=str(tmp_path))
    assert refused.exit_code == 1
    assert "banyan migrate channels" in refused.stderr
    for _ in range(2):
        done = run("migrate", "channels", BANYAN_VAR=str(tmp_path))
        assert (done.exit_code, done.stdout) == (0, "channels: up to date\n")
    assert (tmp_path / "channels.sqlite").exists()


def test_invalid_requests_keep_the_services_own_words(run: Run, fake_bus: FakeBus) -> None:
    fault = InvalidRequest("field `customer_id` is empty", details={"field": "customer_id"})
    fake_bus.answers["governance", "history"] = fault
    said = run("governance", "history", "")
    assert "invalid_request: field `customer_id` is empty" in said.stderr
