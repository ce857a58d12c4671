"""Check what is deployed without deploying it: `python -m scripts.check_deployment`.

hadolint reads docker/Dockerfile*, Docker Compose reads docker-compose.yml with every profile and a throwaway .env made
from .env.example. Both come as packages for Linux on x86_64 alone; where they are not, that is said and passes.
"""

import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CHANGE_ME = "change-me"
_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Step:
    """One program with its arguments, and what it looks at."""

    program: str
    arguments: Sequence[str]
    looks_at: str

    def run(self, programs: Path, root: Path) -> str | None:
        """Return what the program complains of, None if of nothing; raises FileNotFoundError where it is not there."""
        command = [str(programs / self.program), *self.arguments]
        done = subprocess.run(
            command, cwd=root, env=_environment(), capture_output=True, text=True, check=False, timeout=_SECONDS
        )
        return None if done.returncode == 0 else f"{done.stdout}{done.stderr}".strip()


def throwaway_env(example: str) -> str:
    """Return an .env in which every secret that has to be chosen is chosen, by chance."""
    lines = example.splitlines()
    return "\n".join(line.replace(CHANGE_ME, secrets.token_hex(16)) for line in lines if not line.startswith("#"))


def steps(root: Path, env_file: Path) -> Iterator[Step]:
    """Yield what is to be checked."""
    dockerfiles = [str(path.relative_to(root)) for path in sorted((root / "docker").glob("Dockerfile*"))]
    yield Step("hadolint", dockerfiles, " ".join(dockerfiles))
    compose = ["--env-file", str(env_file), "--profile", "*", "-f", "docker-compose.yml", "config", "-q"]
    yield Step("docker-compose", compose, "docker-compose.yml")


def check(root: Path, programs: Path) -> Iterator[tuple[str, bool]]:
    """Yield a line for each step, and whether it is a complaint."""
    with tempfile.TemporaryDirectory() as folder:
        env_file = Path(folder) / "env"
        env_file.write_text(throwaway_env((root / ".env.example").read_text("utf-8")), "utf-8")
        for step in steps(root, env_file):
            try:
                complaint = step.run(programs, root)
            except FileNotFoundError:
                yield f"{step.program} is not installed here: {step.looks_at} NOT checked", False
            else:
                yield (
                    f"{step.program}: {step.looks_at}" + (f"\n{complaint}" if complaint else ""),
                    complaint is not None,
                )


def main() -> int:
    """Tell what was checked; 1 if anything is wrong."""
    found = list(check(ROOT, Path(sys.executable).parent))
    sys.stdout.writelines(f"{line}\n" for line, _ in found)
    return int(any(is_complaint for _, is_complaint in found))


def _environment() -> dict[str, str]:
    """Return our environment without what would answer in place of the throwaway .env."""
    kept = ("PATH", "HOME", "LANG", "TMPDIR")
    return {name: value for name, value in os.environ.items() if name in kept}


if __name__ == "__main__":
    raise SystemExit(main())
