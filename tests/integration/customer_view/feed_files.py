"""A column map that reads every kind of fact, and what a feed leaves behind."""

import csv
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa

from services.customer_view.adapters.tables import customer_table, outbox
from services.customer_view.dependencies import open_database
from services.customer_view.settings import Settings
from shared.contracts.customer_view import Customer, CustomersChanged
from shared.rulekit.reading.folder import load_rules

MAP = """
id: {column: 用户, prefix: t-}
as_of: 2026-03-01
facts:
  city: {constant: beijing}
  age: {column: 年龄, between: [10, 110]}
  gender: {column: 性别, values: {男: male, 女: female, 不详: unknown}}
  average_spend: {column: 消费, unit: yuan}
  data_used_mb: {column: 流量, times: 1024, plus: [{column: 套外}]}
  activated_on: {column: 激活}
  tenure_months: {column: 激活, months_since: "%Y-%m-%d"}
  handset_brand: {column: 终端}
  is_student: {column: 学生}
  tags: {collect: [{column: 音乐, values: {Y: [likes_music], N: []}}, {column: 新闻, values: {Y: [likes_news], N: []}}]}
"""
COLUMNS = ("用户", "年龄", "性别", "消费", "流量", "套外", "激活", "终端", "学生", "音乐", "新闻", "备注")
HEADER = ",".join(COLUMNS) + "\n"


def write_map(folder: Path) -> Path:
    """Write the column map."""
    path = folder / "map.yaml"
    path.write_text(MAP, encoding="utf-8")
    return path


def table_of(settings: Settings) -> list[tuple[Any, ...]]:
    """Return the table of subscribers without the stamp, in order of id."""
    table = customer_table(load_rules(settings.rules).vocabulary)
    columns = [column for column in table.c if column.name != "changed_at"]
    with open_database(settings).read() as connection:
        return [tuple(row) for row in connection.execute(sa.select(*columns).order_by(table.c.customer_id))]


def told(settings: Settings) -> list[Customer]:
    """Return every description that waits in the outbox, in the order in which it is told."""
    events = outbox.outbox.c
    query = sa.select(events.body).where(events.event_type == "customers_changed").order_by(events.sequence)
    with open_database(settings).read() as connection:
        bodies = [msgspec.json.decode(body, type=CustomersChanged) for body in connection.scalars(query)]
    assert all(len(body.customers) <= 200 for body in bodies)
    assert all(one.changed_at <= body.changed_at for body in bodies for one in body.customers)
    return [one for body in bodies for one in body.customers]


def rejects_in(path: Path) -> list[list[str]]:
    """Return the rows of a file with refusals, without its heading."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))[1:]
