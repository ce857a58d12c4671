"""What `--explain` says about a code."""

import click

from services.workbench.rule_check.telling import SEVERITY_WORDS
from shared.rulekit.analysis.codes import Code
from shared.rulekit.analysis.explaining import CODES
from shared.rulekit.facts import nearest


def explanation_of(code: str, language: str) -> str:
    """Return title, severity and explanation of a code, or one line for each code there is (`all`).

    Raises click.UsageError with the nearest code for one that does not exist.
    """
    found = codes_named(code)
    if code == "all":
        return "\n".join(_line(one, language) for one in found)
    return f"{_line(found[0], language)}\n\n{found[0].explanation.in_language(language)}"


def codes_named(code: str) -> list[Code]:
    """Return one code, or every code there is (`all`); raises as `explanation_of`."""
    if code == "all":
        return list(CODES.values())
    if code not in CODES:
        near = nearest(code, CODES)
        hint = f": did you mean {near}?" if near else ": `--explain all` lists them"
        raise click.UsageError(f"there is no code {code!r}{hint}")
    return [CODES[code]]


def _line(code: Code, language: str) -> str:
    severity = SEVERITY_WORDS[code.severity].in_language(language)
    return f"{code.code} ({severity}): {code.title.in_language(language)}"
