"""A finding: a place, a code, what is the matter there and what could be done, in both languages."""

from dataclasses import dataclass

from shared.kernel.text import Text
from shared.rulekit.analysis.codes import Severity
from shared.rulekit.analysis.explaining import code_of
from shared.rulekit.faults import Place, RuleFault


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark about a file; `code` is explained in `explaining`."""

    place: Place
    code: str
    message: Text
    suggestion: Text | None = None

    @property
    def severity(self) -> Severity:
        """How much it matters: an error is wrong for certain, a warning nearly so, a note may be meant."""
        return code_of(self.code).severity

    def __str__(self) -> str:
        place = self.place
        return f"{place.path}:{place.line}:{place.column}: {self.severity}: {self.code}: {self.message.en}"


def from_fault(fault: RuleFault) -> Finding:
    """Return a reader's fault as a finding; its words are English in both languages, the code's title is not."""
    near = fault.suggestion
    suggestion = Text(f"是否指 {near}？", f"did you mean {near}?") if near else None
    place = Place(fault.path, fault.line or 1, fault.column or 1)
    return Finding(place, fault.code, Text(fault.message, fault.message), suggestion)
