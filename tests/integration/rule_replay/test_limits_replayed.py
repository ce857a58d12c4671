"""The ledger's verdicts judged again: under the same rules the same ones, whatever happened in between."""

from datetime import timedelta
from pathlib import Path

import pytest

from services.workbench.rule_replay import ledger
from services.workbench.rule_replay.reading import FIRST, LAST, FileRecords, export
from services.workbench.rule_replay.replaying import replay
from shared.contracts.channels import OutcomesRecorded, RecordedOutcome
from shared.contracts.governance import ListEntry, OverrideProposal
from shared.rulekit.reading.folder import load_rules
from tests.integration.governance.world import World, write_rules
from tests.integration.rule_replay.conftest import POLICIES
from tests.integration.rule_replay.lives import LedgerRecords, Life, replayed


@pytest.mark.parametrize("seed", range(3))
def test_under_the_same_rules_every_verdict_comes_out_again(either_world: World, seed: int) -> None:
    Life(either_world, seed).live(200)
    report = replayed(either_world)
    assert [(change.direction, change.rule_id, change.samples) for change in report.limits.changes] == []
    assert report.limits.same == report.limits.judged > 200


def test_what_an_override_lifted_is_lifted_again_and_not_where_the_rules_forbid_it(
    world: World, tmp_path: Path
) -> None:
    lifting = "kind: list_effect\nlist: red\noverride: two_persons"
    place = World(world.database_url, tmp_path / "red", {"red": lifting})
    entry = ListEntry(customer_id="anna", reason="key account", source="sales", author="Wu")
    place.use.list_put("red", [entry])
    end = place.clock.now() + timedelta(days=2)
    asked = {"customer_id": "anna", "rule_id": "red", "reason": "she asked", "author": "Lin", "ends_at": end}
    place.use.override_propose(OverrideProposal(override_id="o1", channel="sms", **asked))  # type: ignore[arg-type]  # fields of the proposal
    place.use.override_approve("o1", "Zhao")
    batch = [place.ask("lifted", 2), place.ask("held", 2, channel="web")]
    assert [one.verdict for one in place.use.reserve(batch)] == ["permit", "suppress"]
    place.use.override_withdraw("o1", "Wu", "done")
    assert not place.permits("later", 3)
    report = replayed(place)
    assert (report.limits.judged, report.limits.changes) == (3, [])
    stricter = write_rules(tmp_path / "stricter", {"red": "kind: list_effect\nlist: red"})
    [change] = replayed(place, stricter).limits.changes
    assert (change.direction, change.samples[0].decision) == ("permit_to_suppress", "lifted")


def other_rules(folder: Path, **changed: str) -> Path:
    """Return the policies with some of them replaced; names with underscores for hyphens."""
    bodies = POLICIES | {name.replace("_", "-"): body for name, body in changed.items()}
    return write_rules(folder / "other", bodies)


def daily(limit: int) -> str:
    return f"kind: frequency_cap\nper: customer\nlimit: {limit}\nwindow: {{calendar: day}}"


def test_a_limit_that_is_tightened_or_loosened_is_told_with_whom_it_turns(world: World, tmp_path: Path) -> None:
    for hours in (1, 3, 5):
        world.reserve(f"sms-{hours}", hours, channel="hotline", direction="inbound")
    assert [row[0] for row in world.rows("SELECT contact_id FROM suppression")] == ["sms-5"]
    tighter = replayed(world, other_rules(tmp_path / "a", daily=daily(1)))
    [change] = tighter.limits.changes
    assert (change.direction, change.rule_id, change.count) == ("permit_to_suppress", "daily", 1)
    [sample] = change.samples
    assert (sample.decision, sample.customer_id, sample.was, sample.becomes) == ("sms-3", "anna", (), ("daily",))
    looser = replayed(world, other_rules(tmp_path / "b", daily=daily(3)))
    [change] = looser.limits.changes
    assert (change.direction, change.rule_id, change.count) == ("suppress_to_permit", "daily", 1)
    assert (looser.limits.judged, looser.limits.same, looser.is_same) == (3, 2, False)


def test_what_is_permitted_instead_counts_for_what_comes_after_it(world: World, tmp_path: Path) -> None:
    """Freed by a looser limit, the third contact of Monday takes the room that the first of Tuesday had."""
    for hours in (1, 2, 3, 25, 26):
        world.reserve(f"at-{hours}", hours, channel="hotline")
    cap = "kind: frequency_cap\nper: customer\nlimit: 4\nwindow: {rolling: 7d}"
    report = replayed(world, other_rules(tmp_path, daily=daily(3), weekly=cap))
    found = {(change.direction, change.samples[0].decision) for change in report.limits.changes}
    assert found == {("suppress_to_permit", "at-3"), ("permit_to_suppress", "at-26")}


def test_a_contact_that_would_not_have_been_made_leaves_no_outcome(world: World, tmp_path: Path) -> None:
    world.reserve("first", 1, channel="hotline", direction="inbound")
    world.use.outcomes_recorded("said", refusal(world, "first"))
    world.pass_hours(48)
    assert not world.permits("second", 48, channel="hotline", direction="inbound")
    report = replayed(world, other_rules(tmp_path, daily=daily(0)))
    assert [(change.direction, change.rule_id) for change in report.limits.changes] == [
        ("permit_to_suppress", "daily"),
        ("other_reason", "daily"),
    ]
    nobody_asked = other_rules(tmp_path / "b", black="kind: list_effect\nlist: grey", daily=daily(1))
    assert replayed(world, nobody_asked).is_same, "the outcome of a contact still made counts as before"


def test_of_a_span_only_its_own_verdicts_are_judged_with_all_that_counts_for_them(world: World) -> None:
    life = Life(world, 3)
    life.live(150)
    middle = world.clock.now()
    world.pass_hours(1)
    life.live(100)
    whole, later = replayed(world), replayed(world, since=middle + timedelta(minutes=30))
    earlier = replayed(world, until=middle + timedelta(minutes=30))
    assert later.is_same
    assert earlier.is_same
    assert 0 < later.limits.judged < whole.limits.judged
    assert earlier.limits.judged + later.limits.judged == whole.limits.judged


def test_a_ledger_told_in_a_file_is_judged_as_the_one_in_the_database(world: World, tmp_path: Path) -> None:
    Life(world, 4).live(150)
    rules = other_rules(tmp_path, daily=daily(1))
    with (tmp_path / "ledger.jsonl").open("wb") as file:
        total = export(LedgerRecords(world).read(), file)
    assert total == LedgerRecords(world).size()
    records = FileRecords(tmp_path / "ledger.jsonl", FIRST, LAST)
    report = replay(records, load_rules(rules), "rules", show_ids=True)
    assert report.limits == replayed(world, rules).limits
    assert report.limits.changes


def test_what_no_limit_can_count_any_more_is_let_go(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "_SWEPT_EVERY", 5)
    life = Life(world, 2)
    for _ in range(5):
        life.live(40)
        world.pass_hours(24 * 20)
    sizes = []
    swept = ledger.ReplayedLedger._sweep

    def watched(self: ledger.ReplayedLedger, now: int) -> None:
        before = len(self._by_id)
        swept(self, now)
        sizes.append((before, len(self._by_id)))

    monkeypatch.setattr(ledger.ReplayedLedger, "_sweep", watched)
    assert replayed(world).is_same
    assert any(after < before for before, after in sizes)


def refusal(world: World, contact_id: str) -> OutcomesRecorded:
    return OutcomesRecorded(
        outcomes=[
            RecordedOutcome(
                contact_id=contact_id,
                customer_id="anna",
                campaign_id="spring",
                offering_id="crbt",
                channel="hotline",
                outcome="refused",
                detail="",
                at=world.clock.now(),
                simulated=True,
            )
        ]
    )
