"""What the page and the console show of a rehearsal, gathered once."""

from dataclasses import dataclass, field

from shared.contracts.campaigns import Evaluation, FunnelStage, Story

STAGES: tuple[tuple[FunnelStage, str, str], ...] = (
    ("audience", "目标客户", "audience"),
    ("eligible", "符合条件", "eligible"),
    ("after_lists", "名单剔除后", "after lists"),
    ("after_conflicts", "冲突排除后", "after conflicts"),
    ("after_limits", "频次控制后", "after limits"),
    ("contacted", "已接触", "contacted"),
    ("reached", "接通", "reached"),
    ("accepted", "接受", "accepted"),
    ("fulfilled", "已办理", "fulfilled"),
)


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """What came of reading the subscribers."""

    source: str
    synthetic: bool
    subscribers: int
    faulty_cells: int
    refused_rows: int
    first_faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One promise, recounted from the report alone."""

    promise_zh: str
    promise_en: str
    checked: int
    breaches: int


@dataclass(slots=True)
class Summary:
    """Everything aggregated; the long lists stay in `report.json`."""

    seed: int
    starts_on: str
    days: int
    rule_set: str
    intake: ImportSummary
    evaluations: list[Evaluation]
    story: Story
    contacts_by_day: dict[str, dict[str, int]] = field(default_factory=dict)
    """Channel to day (ISO) to number of contacts."""
    contacts: int = 0
    inbound_contacts: int = 0
    not_made: int = 0
    """Contacts that were permitted and then failed: withdrawn before they were made, or the channel could not."""
    checks: list[CheckResult] = field(default_factory=list)

    @property
    def label(self) -> str:
        """Say what the figures are worth: whether subscribers and answers are made up."""
        base = "合成用户 synthetic subscribers" if self.intake.synthetic else "真实用户数据 real subscriber file"
        return f"{base} · 客户应答为模拟 subscribers' answers are simulated"
