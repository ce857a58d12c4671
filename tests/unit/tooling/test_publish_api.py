"""A published document that no longer says what the code says is found, and what differs is named."""

from pathlib import Path

import pytest

from scripts import publish_api
from scripts.api.fault_codes import codes_of, read_codes
from scripts.api.openapi import openapi
from scripts.api.promises import repeat_of
from scripts.api.reading import Method
from scripts.api.text import as_yaml


def test_what_is_published_is_what_the_code_says() -> None:
    found = [line for name, text in publish_api.documents().items() for line in publish_api.stale(name, text)]
    assert found == [], f"if the change is meant: {publish_api.COMMAND}"


def test_a_document_is_the_same_text_each_time() -> None:
    assert as_yaml(openapi("1.2.3")) == as_yaml(openapi("1.2.3"))


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("version: 1.2.3", "version: 1.2.2", "openapi.yaml: /info/version has changed"),
        ("operationId: takeBackOrders", "operationId: cancel", "/paths//cancellations/post/operationId has changed"),
        ("  /metrics:", "  /figures:", "openapi.yaml: /paths//figures is no more"),
        ("  /metrics:", "  /figures:", "openapi.yaml: /paths//metrics is not published"),
        ("openapi: 3.1.0\n", "openapi:   3.1.0\n", "openapi.yaml is written in another way"),
    ],
)
def test_what_differs_is_named(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    text = as_yaml(openapi("1.2.3"))
    assert old in text
    (tmp_path / "openapi.yaml").write_text(text.replace(old, new, 1), "utf-8")
    assert any(complaint in line for line in publish_api.stale("openapi.yaml", text, tmp_path))


def test_a_document_that_is_missing_is_named(tmp_path: Path) -> None:
    assert publish_api.stale("openapi.yaml", "", tmp_path) == ["openapi.yaml is missing"]


def test_check_fails_and_writes_nothing_where_a_document_is_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(publish_api, "DOCUMENTS", {"openapi.yaml": openapi})
    monkeypatch.setattr(publish_api.stale, "__defaults__", (tmp_path,))
    monkeypatch.setattr(publish_api, "FOLDER", tmp_path)
    assert publish_api.main(["--check"]) == 1
    assert "docs/api/openapi.yaml is missing" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []
    assert publish_api.main([]) == 0
    assert publish_api.main(["--check"]) == 0


def test_a_method_that_nobody_has_thought_about_cannot_be_published() -> None:
    with pytest.raises(ValueError, match=r"channels_bulk\.shout"):
        repeat_of(Method("channels_bulk", "shout", "", (), None))


def test_codes_are_found_wherever_a_fault_gets_one(tmp_path: Path) -> None:
    module = tmp_path / "services" / "shop" / "selling.py"
    module.parent.mkdir(parents=True)
    module.write_text(
        'class SoldOut(NotFound):\n    """Nothing is left.\n\n    More."""\n\n    code = "sold_out"\n\n\n'
        'def sell():\n    fault = Fault("no")\n    fault.code = "shop_closed"\n'
        '    raise RemoteFault("till_broken", "x")\n',
        "utf-8",
    )
    codes = read_codes(tmp_path)
    assert {name: code.means for name, code in codes.items()} == {
        "shop_closed": "",
        "sold_out": "Nothing is left.",
        "till_broken": "",
    }
    assert codes_of("shop", codes) == ["shop_closed", "sold_out", "till_broken"]
    assert codes_of("governance", codes) == []
