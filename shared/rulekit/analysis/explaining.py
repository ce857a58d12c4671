"""Which codes there are."""

from collections.abc import Mapping

from shared.kernel.text import Text
from shared.rulekit.analysis.analysis_codes import ANALYSIS_CODES
from shared.rulekit.analysis.codes import Code
from shared.rulekit.analysis.file_codes import FILE_CODES
from shared.rulekit.analysis.plan_codes import PLAN_CODES
from shared.rulekit.analysis.rule_codes import RULE_CODES

CODES: Mapping[str, Code] = {one.code: one for one in (*FILE_CODES, *RULE_CODES, *PLAN_CODES, *ANALYSIS_CODES)}
"""Every code that has an explanation, in the order they are listed."""


def code_of(code: str) -> Code:
    """Return what is known of a code; one without an explanation is an error called by its own name."""
    words = code.replace("_", " ")
    return CODES.get(code) or Code(code, "error", Text(words, words), Text(words, words))
