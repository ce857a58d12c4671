import pytest

from shared.observability.metrics import counter, exposition, gauge


def test_asking_twice_for_a_name_gives_the_same_figure() -> None:
    first = counter("banyan_test_asked", "Asked", ["who"])
    first.labels("a").inc()
    counter("banyan_test_asked", "Asked", ["who"]).labels("a").inc(2)
    assert 'banyan_test_asked_total{who="a"} 3.0' in exposition().decode()


def test_a_name_that_stands_for_something_else_is_refused() -> None:
    gauge("banyan_test_level", "Level")
    with pytest.raises(ValueError, match="banyan_test_level is a Gauge"):
        counter("banyan_test_level", "Level")
    with pytest.raises(ValueError, match="labels"):
        gauge("banyan_test_level", "Level", ["other"])
