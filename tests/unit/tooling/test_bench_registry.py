"""What `make bench` can be asked for: every part is a module that measures, at two sizes."""

import importlib
import inspect

import pytest

from tests.bench.registry import PARTS


@pytest.mark.parametrize("name", PARTS)
def test_a_part_names_a_module_that_measures_with_the_servers_it_asks_for(name: str) -> None:
    part = PARTS[name]
    module = importlib.import_module(f"tests.bench.{part.module}")
    assert module.FULL != module.QUICK
    parameters = list(inspect.signature(module.measure).parameters)
    assert len(parameters) == len(part.servers) + 2
    assert parameters[-2] == "progress"
