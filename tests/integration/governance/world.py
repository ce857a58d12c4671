"""A governance service on an empty database, with rules a test writes and a clock it moves."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from services.governance.application.use_cases import UseCases
from services.governance.dependencies import build, open_database
from services.governance.settings import Settings
from shared.contracts.governance import ContactRequest, Verdict
from shared.kernel.clock import SteeredClock

START = datetime(2026, 3, 2, 1, tzinfo=UTC)
REPOSITORY = Path(__file__).parents[3]
DAILY = "kind: frequency_cap\nper: customer\nlimit: 1\nwindow: {calendar: day}"
WEEKLY = "kind: frequency_cap\napplies_to: {purposes: [marketing]}\nper: customer\nlimit: 2\nwindow: {rolling: 7d}"
BLACK = "kind: list_effect\nlist: black"
OPT_OUT = "kind: list_effect\nlist: opt_out"
COOLING = "kind: cooling_off\nafter: [refused]\nsame: category\nspan: 30d"
HALL = "kind: capacity\napplies_to: {channels: [hall]}\nlimit: 2\nwindow: {calendar: day}\nzone: Asia/Shanghai"


def write_rules(folder: Path, policies: Mapping[str, str]) -> Path:
    """Write a rule folder with these policies and no others."""
    root = folder / "contact_policy"
    root.mkdir(parents=True, exist_ok=True)
    (folder / "vocabulary.yaml").write_bytes((REPOSITORY / "rules" / "vocabulary.yaml").read_bytes())
    for name, body in policies.items():
        (root / name).mkdir(exist_ok=True)
        counts = "limit:" in body
        zh, en = (f"{name}，已有{{used}}次", f"{name}, {{used}} so far") if counts else (name, name)
        because = "" if "because:" in body else f"because: {{zh: '{zh}', en: '{en}'}}\n"
        head = f"id: {name}\nowner: tests\n{because}"
        (root / name / "rule.yaml").write_text(head + body + "\n", "utf-8")
        (root / name / "cases.yaml").write_text("[]\n")
    return folder


class World:
    """One service; `ask` and `reserve` take hours from the clock's start."""

    def __init__(self, database_url: str, folder: Path, policies: Mapping[str, str]) -> None:
        self.rules = write_rules(folder / "rules", policies)
        self.clock = SteeredClock(START)
        self.database_url = database_url
        self.variables = {
            "BANYAN_DATABASE_URL": database_url,
            "BANYAN_RULES_DIR": str(self.rules),
            "BANYAN_VAR": str(folder),
        }
        self.use = self.another()

    def another(self, rules: Path | None = None) -> UseCases:
        """Return one more instance of the service on the same ledger, as another process would have it."""
        return build(self.settings(rules), self.clock)

    def settings(self, rules: Path | None = None) -> Settings:
        """Return the settings of an instance."""
        return Settings.read(self.variables | {"BANYAN_RULES_DIR": str(rules or self.rules)})

    def close(self) -> None:
        """Close the database."""
        open_database(self.settings()).close()

    def ask(self, contact_id: str, hours: float = 1, **fields: Any) -> ContactRequest:
        """Return an outbound marketing SMS to Anna, so many hours after the start."""
        values = {
            "customer_id": "anna",
            "channel": "sms",
            "campaign_id": "spring",
            "offering_id": "crbt",
            "category": "music",
            "purpose": "marketing",
            "direction": "outbound",
            "planned_at": START + timedelta(hours=hours),
            **fields,
        }
        return ContactRequest(contact_id=contact_id, **values)

    def reserve(self, contact_id: str, hours: float = 1, **fields: Any) -> Verdict:
        """Reserve one contact."""
        return self.use.reserve([self.ask(contact_id, hours, **fields)])[0]

    def permits(self, contact_id: str, hours: float = 1, **fields: Any) -> bool:
        """Reserve one contact; tell whether it is permitted."""
        return self.reserve(contact_id, hours, **fields).verdict == "permit"

    def pass_hours(self, hours: float) -> None:
        """Move the clock."""
        self.clock.advance(timedelta(hours=hours))

    def rows(self, statement: str) -> list[Any]:
        """Look into the database."""
        engine = sa.create_engine(self.database_url.replace("postgresql://", "postgresql+psycopg://"))
        try:
            with engine.connect() as connection:
                return list(connection.execute(sa.text(statement)))
        finally:
            engine.dispose()
