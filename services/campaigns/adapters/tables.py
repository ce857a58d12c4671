"""The tables of campaigns: cases, phases, candidates, contacts, orders, and replicas of what other services own.

`candidate` has one row per member of a phase's audience, control included; what happened to it is in its state and
in the contacts made. Replicas (`customer_snapshot`, `holding`, `offering_snapshot`, `list_entry`,
`trigger_firing`) are fed by events.
"""

import sqlalchemy as sa

from shared.persistence.documents import Document
from shared.persistence.instants import Instant
from shared.persistence.outbox import Outbox

metadata = sa.MetaData()
outbox = Outbox(metadata)

campaign = sa.Table(
    "campaign",
    metadata,
    sa.Column("campaign_id", sa.Text, primary_key=True),
    sa.Column("plan", Document, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("approved_levels", sa.Integer, nullable=False),
    sa.Column("rule_set", sa.Text, nullable=False),
    sa.Column("changed_at", Instant, nullable=False),
)

campaign_history = sa.Table(
    "campaign_history",
    metadata,
    sa.Column("campaign_id", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
)

phase = sa.Table(
    "phase",
    metadata,
    sa.Column("campaign_id", sa.Text, primary_key=True),
    sa.Column("phase", sa.Text, primary_key=True),
    sa.Column("state", sa.Text, nullable=False),  # see domain.phase.PhaseState
    sa.Column("starts_at", Instant, nullable=False),
    sa.Column("ends_at", Instant, nullable=False),
    sa.Column("audience_id", sa.Text),
    sa.Column("audience_size", sa.Integer),
    sa.Column("judged_after", sa.Text, nullable=False),  # the last subscriber judged; members up to here have rows
    sa.Column("unknown", sa.Integer, nullable=False),
    sa.Column("unknown_facts", Document, nullable=False),
    sa.Column("rule_set", sa.Text, nullable=False),
)

candidate = sa.Table(
    "candidate",
    metadata,
    sa.Column(
        "customer_id", sa.Text, primary_key=True
    ),  # first: pages come in this order, so the index grows at its end
    sa.Column("campaign_id", sa.Text, primary_key=True),
    sa.Column("phase", sa.Text, primary_key=True),
    sa.Column("cell", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # see domain.candidate.CandidateState
    sa.Column("lost_at", sa.Text),  # the funnel stage it did not reach
    sa.Column("lost_by", sa.Text),  # the decisive rule of `reasons`
    sa.Column("reasons", Document),  # list of {rule_id, rule_version, text}
    sa.Column("treatment", sa.Text),
    sa.Column("offering_id", sa.Text),
    sa.Column("channel", sa.Text),  # of the step that comes next
    sa.Column("rank", sa.Float, nullable=False),  # minus the ranking score: ascending order is best first
    sa.Column("draw", sa.BigInteger, nullable=False),  # breaks ties among equal ranks without favouring low ids
    sa.Column("step", sa.Integer, nullable=False),  # 1 is the first
    sa.Column("attempt", sa.Integer, nullable=False),  # 1 is the first, counted per step
    sa.Column("due_at", Instant),
    sa.Column("tried_at", Instant),  # moment of the run that last asked for a contact
    sa.Column("held", sa.Boolean, nullable=False),  # held one of the plan's `converts` when the phase opened
    sa.Column("city", sa.Text),
    sa.Index(
        "candidate_ready",
        "campaign_id",
        "channel",
        "rank",
        "draw",
        "customer_id",
        postgresql_where=sa.text("state = 'ready'"),
        sqlite_where=sa.text("state = 'ready'"),
    ),
    sa.Index(
        "candidate_silent",
        "due_at",
        postgresql_where=sa.text("state = 'silent'"),
        sqlite_where=sa.text("state = 'silent'"),
    ),
)

script = sa.Table(
    "script",
    metadata,
    sa.Column("script_id", sa.Text, primary_key=True),  # derived from the words: what was said stays as it was said
    sa.Column("zh", sa.Text, nullable=False),
    sa.Column("en", sa.Text, nullable=False),
)

contact = sa.Table(
    "contact",
    metadata,
    sa.Column("contact_id", sa.Text, primary_key=True),
    sa.Column("customer_id", sa.Text, nullable=False),
    sa.Column("campaign_id", sa.Text, nullable=False),
    sa.Column("phase", sa.Text, nullable=False),
    sa.Column("cell", sa.Text, nullable=False),
    sa.Column("treatment", sa.Text, nullable=False),
    sa.Column("offering_id", sa.Text, nullable=False),
    sa.Column("step", sa.Integer, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("direction", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # reserved, dispatched, sent, answered, failed, suppressed
    sa.Column("script_id", sa.Text, nullable=False),
    sa.Column("cost_fen", sa.Integer, nullable=False),
    sa.Column("city", sa.Text),
    sa.Column("decided_at", Instant, nullable=False),
    sa.Column("planned_at", Instant, nullable=False),
    sa.Column("expires_at", Instant),
    sa.Column("contacted_at", Instant),
    sa.Column("outcome", sa.Text),
    sa.Column("outcome_at", Instant),
    sa.Column("detail", sa.Text),
    sa.Column("reasons", Document),  # of the verdict: always there when suppressed
    sa.Index("contact_customer", "customer_id", "planned_at"),
    sa.Index(
        "contact_reserved",
        "contact_id",
        postgresql_where=sa.text("state = 'reserved'"),
        sqlite_where=sa.text("state = 'reserved'"),
    ),
)

allotment = sa.Table(
    "allotment",  # what one campaign may plan in one channel on one day, as granted by one run
    metadata,
    sa.Column("campaign_id", sa.Text, primary_key=True),
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("granted_at", Instant, primary_key=True),
    sa.Column("opens_at", Instant, nullable=False),
    sa.Column("closes_at", Instant, nullable=False),
    sa.Column("total", sa.Integer, nullable=False),
    sa.Column("tried", sa.Integer, nullable=False),
    sa.Column("permitted", sa.Integer, nullable=False),
    sa.Column("spent_fen", sa.BigInteger, nullable=False),
)

sales_order = sa.Table(
    "sales_order",
    metadata,
    sa.Column("contact_id", sa.Text, primary_key=True),  # at most one order per contact
    sa.Column("customer_id", sa.Text, nullable=False),
    sa.Column("campaign_id", sa.Text, nullable=False),
    sa.Column("phase", sa.Text, nullable=False),
    sa.Column("cell", sa.Text, nullable=False),
    sa.Column("treatment", sa.Text, nullable=False),
    sa.Column("offering_id", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # open, fulfilled, failed
    sa.Column("accepted_at", Instant, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("due_at", Instant, nullable=False),
    sa.Column("fulfilled_at", Instant),
    sa.Column("fault", sa.Text, nullable=False),
    sa.Index("sales_order_customer", "customer_id"),
    sa.Index(
        "sales_order_open",
        "due_at",
        postgresql_where=sa.text("state = 'open'"),
        sqlite_where=sa.text("state = 'open'"),
    ),
)

customer_snapshot = sa.Table(
    "customer_snapshot",
    metadata,
    sa.Column("customer_id", sa.Text, primary_key=True),
    sa.Column("facts", Document, nullable=False),
    sa.Column("segments", Document, nullable=False),
    sa.Column("changed_at", Instant, nullable=False),
)

holding = sa.Table(
    "holding",  # the fact `products` of the snapshots, one row each: conversion is counted by join
    metadata,
    sa.Column("customer_id", sa.Text, primary_key=True),
    sa.Column("product", sa.Text, primary_key=True),
    sa.Column("since", Instant, nullable=False),  # when campaigns first learned of it
)

offering_snapshot = sa.Table(
    "offering_snapshot",
    metadata,
    sa.Column("offering_id", sa.Text, primary_key=True),
    sa.Column("offering", Document, nullable=False),
)

list_entry = sa.Table(
    "list_entry",
    metadata,
    sa.Column("list_name", sa.Text, primary_key=True),
    sa.Column("customer_id", sa.Text, primary_key=True),
    sa.Column("at", Instant, nullable=False),
    sa.Column("listed", sa.Boolean, nullable=False),  # false: taken off; kept so that a late message cannot undo it
)

trigger_firing = sa.Table(
    "trigger_firing",
    metadata,
    sa.Column("trigger_id", sa.Text, primary_key=True),
    sa.Column("fired_at", Instant, primary_key=True),
    sa.Column("customer_id", sa.Text, primary_key=True),
)

advice = sa.Table(
    "advice",  # answers of `recommend`, so that the same request gets the same answer
    metadata,
    sa.Column("request_id", sa.Text, primary_key=True),
    sa.Column("customer_id", sa.Text, nullable=False),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("answer", Document, nullable=False),
    sa.Column("given_at", Instant, nullable=False),
    sa.Index("advice_customer", "customer_id"),
)

decision = sa.Table(
    "decision",  # what went into an answer, kept for a while so that it can be judged again under other rules
    metadata,
    sa.Column("decided_at", Instant, primary_key=True),  # first: new rows go to the end, old ones leave at the start
    sa.Column("request_id", sa.Text, primary_key=True),
    sa.Column("record", Document, nullable=False),
)

decision_scene = sa.Table(
    "decision_scene",  # live plans and catalogue as they stood: one row serves all decisions made while they stood so
    metadata,
    sa.Column("scene", sa.Text, primary_key=True),  # derived from the content
    sa.Column("content", Document, nullable=False),
    sa.Column("used_at", Instant, nullable=False),  # noted at most once an hour
)

lease = sa.Table(
    "lease",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("held_until", Instant, nullable=False),
)
