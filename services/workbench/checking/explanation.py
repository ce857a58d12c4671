"""What `--explain` says about a code."""

import click

from services.workbench.checking.telling import SEVERITY_WORDS
from shared.rulekit.analysis.codes import Code
from shared.rulekit.analysis.explaining import CODES
from shared.rulekit.facts import nearest


def explanation_of(code: str, language: str) -> str:
    """Return title, severity and explanation of a code, or one line for each code there is (`all`).

    Raises click.UsageError with the nearest code for one that does not exist.
    """
    if code == "all":
        return "\n".join(_line(one, language) for one in CODES.values())
    if code not in CODES:
        near = nearest(code, CODES)
        hint = f": did you mean {near}?" if near else ": `--explain all` lists them"
        raise click.UsageError(f"there is no code {code!r}{hint}")
    return f"{_line(CODES[code], language)}\n\n{CODES[code].explanation.in_language(language)}"


def _line(code: Code, language: str) -> str:
    severity = SEVERITY_WORDS[code.severity].in_language(language)
    return f"{code.code} ({severity}): {code.title.in_language(language)}"
