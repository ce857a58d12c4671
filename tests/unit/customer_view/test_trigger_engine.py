"""An engine that fails, refuses, or says what the rules do not mean: nothing fires that should not."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import pytest

from services.customer_view.adapters.trigger_engine import DurableTriggers
from services.customer_view.application.use_cases import UseCases
from shared.rulekit.durable_backend import EngineFault
from tests.unit.customer_view.happenings import DAY, HOUR, NOW, Fired, quota


class _Broken(DurableTriggers):
    """An engine that fails for everybody, until it is mended."""

    is_broken = True

    def holding(self, book: Any, subscribers: Sequence[Any], on: date) -> list[frozenset[str] | None]:
        return [None] * len(subscribers) if self.is_broken else super().holding(book, subscribers, on)


def test_when_the_engine_fails_nothing_fires_and_everybody_is_judged_again(
    world: UseCases, fired: Callable[[], Fired]
) -> None:
    engine = world.triggers._engine = _Broken()
    assert world.triggers.record_events([quota("a", HOUR), quota("a", DAY)]).written == 2
    report = world.triggers.fire_due(None)
    assert (report.judged, report.fired, report.left) == (1, 0, 1)
    assert fired() == []
    engine.is_broken = False
    assert world.triggers.fire_due(None).fired == 1


def test_a_rule_the_engine_refuses_fires_for_nobody(world: UseCases, fired: Callable[[], Fired]) -> None:
    asked: list[object] = []
    seconds = [0.0]

    def refuse(book: object) -> Any:
        asked.append(book)
        raise EngineFault("too much for it")

    world.triggers._engine = DurableTriggers(refuse, lambda: seconds[0])
    world.triggers.record_events([quota("a", HOUR), quota("a", DAY)])
    assert world.triggers.fire_due(None).left == 1
    assert fired() == []
    assert len(asked) == 1, "a trial may take long: not at every question"
    seconds[0] += 30
    assert world.triggers.fire_due(None).left == 1
    assert len(asked) == 2


class _Wrong:
    """An engine that says the same of everybody."""

    def __init__(self, *said: str) -> None:
        self._said = said

    def decide(self, facts: Any, *, on: date) -> dict[str, bool]:  # noqa: ARG002 - the port's
        return dict.fromkeys(self._said, True)


@pytest.mark.parametrize("said", [("quota-twice",), ("quota-twice", "no-top-up")])
def test_what_the_engine_lets_fire_and_the_reference_does_not_mean_does_not_fire(
    world: UseCases, fired: Callable[[], Fired], said: tuple[str, ...]
) -> None:
    world.triggers._engine = DurableTriggers(lambda _: _Wrong(*said))
    world.triggers.record_events([quota("a", HOUR), quota("a", DAY), quota("b", HOUR)])
    assert fired() == [("quota-twice", "a", NOW)]
