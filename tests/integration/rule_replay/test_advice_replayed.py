"""Advice judged again: a desk with rules of every level, conflicts and ranking, and what other rules make of it."""

import random
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path

import pytest

from services.campaigns.adapters.eligibility import EligibilityJudge
from services.campaigns.adapters.rules import BookInForce, FolderRules
from services.campaigns.application.decisions import MOST
from services.workbench.rule_replay.reading import FIRST, LAST, FileRecords, export
from services.workbench.rule_replay.records import AdviceRecord, Record, SceneRecord
from services.workbench.rule_replay.replaying import replay
from services.workbench.rule_replay.report import ReplayReport
from shared.rulekit.durable_backend import EngineFault
from shared.rulekit.facts import Facts
from shared.rulekit.in_force.rule_source import RuleSource
from shared.rulekit.model import RuleBook
from shared.rulekit.reading.folder import load_rules
from tests.unit.campaigns.desk import Desk, on_visit, question
from tests.unit.campaigns.world import offering
from tests.unit.rulekit.rule_folders import make_folder, put_rule

PAPER_OVER_APP = "winner: {offerings: [paper]}\nloser: {offerings: [app]}\n"
CHANNELS = ("hall", "hotline", "web")


def write(folder: Path, kind: str, name: str, body: str) -> None:
    put_rule(folder, kind, name, body)


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = make_folder(tmp_path / "rules")
    write(folder, "segments", "heavy", "when: {used: {more_than: {fact: quota, times: 0.8}}}\n")
    write(folder, "eligibility", "adult", "level: eligibility\nwhen: {age: {at_least: 18}}\n")
    write(folder, "eligibility", "no-crbt", "level: applicability\nwhen: {products: {contains_none: [crbt]}}\n")
    write(folder, "eligibility", "fits", "level: suitability\nwhen: {any: [segment: heavy, {spend: {at_least: 30}}]}\n")
    write(folder, "conflicts", "one-crbt", "kind: exclusive\nmembers: {categories: [crbt]}\n")
    write(folder, "conflicts", "again", "kind: not_within\nsame: offering\nspan: 2d\n")
    write(
        folder,
        "conflicts",
        "paper-first",
        "kind: supersedes\nwinner: {offerings: [paper]}\nloser: {offerings: [app]}\n",
    )
    put_ranking(folder, "standard", 100, "")
    return folder


def put_ranking(folder: Path, name: str, order: int, more: str) -> None:
    body = (
        f"order: {order}\nvalue: {{at_least: 0, at_most: 100000}}\n{more}"
        "propensity: {at_least: 0, at_most: 1, otherwise: 0.1}\npriority: {at_least: 1, at_most: 100}\n"
    )
    write(folder, "ranking", name, body)


@pytest.fixture
def desk(tmp_path: Path, rules: Path) -> Iterator[Desk]:
    campaigns = [
        on_visit("a", "tone", priority=40),
        on_visit("b", "box", priority=60),
        on_visit("c", "paper", priority=50),
        on_visit("d", "app", priority=70, inbound=["hall", "web"]),
        on_visit("e", "music", priority=55, similar_to=["a"]),
    ]
    at = Desk(f"sqlite:///{tmp_path}/campaigns.sqlite", *campaigns, size=12, judge=FolderRules(RuleSource(rules), 1.0))
    at.offer(
        offering("tone", "crbt", rules=["adult", "no-crbt"]),
        offering("box", "crbt", rules=["fits", "adult"]),
        offering("app", "finance", rules=["fits"]),
        offering("music", "media", rules=["no-crbt", "adult", "fits"]),
    )
    yield at
    at.database.close()


def visit_often(desk: Desk, seed: int, days: int = 4) -> None:
    """Let every subscriber come by now and then, in all states of knowledge."""
    chance = random.Random(seed)
    for day in range(days):
        for number in range(12):
            facts = {
                "age": chance.choice([None, 9, 18, 40]),
                "used": chance.choice([None, 0.5, 2.4, 99.9]),
                "quota": chance.choice([None, 3.0, 100.0]),
                "spend": chance.choice([None, 2_999, 3_000]),
                "products": chance.choice([[], ["crbt"], ["mms"]]),
            }
            desk.know(f"c{number:05d}", **facts)
        asked = [
            question(f"{day}-{number}", f"c{number:05d}", channel=chance.choice(CHANNELS), limit=chance.choice([1, 3]))
            for number in chance.sample(range(12), 8)
        ]
        desk.ask_all(*asked)
        desk.clock.advance(timedelta(hours=chance.choice([1, 20, 30])))


class DeskRecords:
    """What one desk's campaigns have on record."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.unreadable: list[str] = []

    def size(self) -> int | None:
        return None

    def read(self) -> Iterator[Record]:
        page = self.desk.use.decisions.page("", MOST)
        yield from (SceneRecord(each) for each in page.scenes)
        yield from (AdviceRecord(each) for each in page.decisions)


def judged_again(desk: Desk, rules: Path) -> ReplayReport:
    return replay(DeskRecords(desk), load_rules(rules), "rules", show_ids=True)


@pytest.mark.parametrize("seed", range(4))
def test_under_the_same_rules_every_offer_comes_out_again(desk: Desk, rules: Path, seed: int) -> None:
    visit_often(desk, seed)
    report = judged_again(desk, rules)
    assert report.advice.changes == []
    assert report.advice.same == report.advice.judged > 100
    assert report.is_same
    stages = {offer.stage for each in desk.use.decisions.page("", MOST).decisions for offer in each.judged}
    assert stages == {"ranked", "eligible", "after_conflicts"}, "the visits are varied enough to mean something"


Change = Callable[[Path], None]


def stricter(folder: Path) -> None:
    write(folder, "eligibility", "adult", "level: eligibility\nwhen: {age: {at_least: 41}}\n")


def laxer(folder: Path) -> None:
    write(folder, "eligibility", "adult", "level: eligibility\nwhen: {age: {at_least: 0}}\n")


def without_conflict(folder: Path) -> None:
    for name in ("rule.yaml", "cases.yaml"):
        (folder / "conflicts" / "one-crbt" / name).unlink()
    (folder / "conflicts" / "one-crbt").rmdir()


def with_conflict(folder: Path) -> None:
    write(folder, "conflicts", "one-of-two", "kind: exclusive\nmembers: {offerings: [paper, music]}\n")


def other_order(folder: Path) -> None:
    put_ranking(folder, "paper-first", 1, "ranks: {offerings: [paper]}\n")
    target = folder / "ranking" / "paper-first" / "rule.yaml"
    target.write_text(target.read_text("utf-8").replace("value: {at_least: 0", "value: {at_least: 90000"), "utf-8")


@pytest.mark.parametrize(
    ("change", "direction", "rule"),
    [
        (stricter, "permit_to_suppress", "adult"),
        (laxer, "suppress_to_permit", "adult"),
        (without_conflict, "suppress_to_permit", "one-crbt"),
        (with_conflict, "permit_to_suppress", "one-of-two"),
        (other_order, "other_rank", "paper-first"),
    ],
)
def test_other_rules_are_told_by_what_they_turn(
    desk: Desk, rules: Path, change: Change, direction: str, rule: str
) -> None:
    visit_often(desk, 1)
    change(rules)
    report = judged_again(desk, rules)
    assert not report.is_same
    found = {(each.direction, each.rule_id): each for each in report.advice.changes}
    assert (direction, rule) in found
    told = found[direction, rule]
    assert 0 < len(told.samples) <= 3
    assert told.count >= len(told.samples)
    assert report.advice.judged == report.advice.same + sum(each.count for each in report.advice.changes)


def test_decisions_told_in_a_file_are_judged_as_those_in_the_database(desk: Desk, rules: Path, tmp_path: Path) -> None:
    visit_often(desk, 2)
    with (tmp_path / "decisions.jsonl").open("wb") as file:
        assert export(DeskRecords(desk).read(), file) == 32
    stricter(rules)
    records = FileRecords(tmp_path / "decisions.jsonl", FIRST, LAST)
    report = replay(records, load_rules(rules), "rules", show_ids=True)
    assert report.advice == judged_again(desk, rules).advice


def test_a_line_nobody_can_read_is_named_and_the_others_are_judged(desk: Desk, rules: Path, tmp_path: Path) -> None:
    visit_often(desk, 2)
    path = tmp_path / "decisions.jsonl"
    with path.open("wb") as file:
        export(DeskRecords(desk).read(), file)
        file.write(b'{"type":"advice","decision":{}}\n\xff\xfe\n' + b"[" * 100_000 + b"\n\n")
    records = FileRecords(path, FIRST, LAST)
    report = replay(records, load_rules(rules), "rules")
    assert report.advice.same == report.advice.judged > 100
    assert [each.split(": ")[0] for each in report.unreadable] == [f"{path}:{line}" for line in (34, 35, 36)]
    assert not report.is_same


def test_samples_mask_who_it_was_unless_asked_not_to(desk: Desk, rules: Path) -> None:
    visit_often(desk, 1)
    stricter(rules)
    masked = replay(DeskRecords(desk), load_rules(rules), "rules")
    assert masked.advice.changes
    assert not any(sample.customer_id.startswith("c0000") for each in masked.advice.changes for sample in each.samples)


class Liar:
    """A rules engine that takes everybody for eligible, and at every third question gives no answer."""

    asked = 0

    def decide(self, facts: Facts, *, on: date) -> Mapping[str, bool]:  # noqa: ARG002 - it does not care
        Liar.asked += 1
        if Liar.asked % 3 == 0:
            raise EngineFault("stuck")
        return {"adult": True, "no-crbt": True, "fits": True}


class LiarsRules:
    """The rules of a folder, judged by a liar whose every answer is compared."""

    def __init__(self, book: RuleBook) -> None:
        self.book, self.judge = book, EligibilityJudge(book, 1.0, make=lambda _: Liar())

    def current(self, on: date) -> BookInForce:
        return BookInForce(self.book, on, self.judge)


def test_what_could_not_be_told_at_the_time_is_held_back_again(rules: Path, tmp_path: Path) -> None:
    campaigns = [on_visit("a", "tone"), on_visit("b", "paper"), on_visit("e", "music")]
    judge = LiarsRules(load_rules(rules))
    at = Desk(f"sqlite:///{tmp_path}/campaigns.sqlite", *campaigns, size=12, judge=judge)
    at.offer(offering("tone", "crbt", rules=["adult"]), offering("music", "media", rules=["fits"]))
    visit_often(at, 1)
    decisions = at.use.decisions.page("", MOST).decisions
    doubted = [each for each in decisions if each.doubted]
    assert 0 < len(doubted) < len(decisions)
    needed = {"tone": "adult", "music": "fits", "paper": ""}
    ranked = [(offer, each) for each in doubted for offer in each.judged if offer.stage == "ranked"]
    assert not [offer for offer, each in ranked if needed[offer.offering_id] in each.doubted]
    assert judged_again(at, rules).is_same
    at.database.close()
