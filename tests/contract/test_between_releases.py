"""While a service is replaced, those that ask it may be a release ahead of it."""

import msgspec

from shared.contracts.customer_view import AudienceQuery
from shared.contracts.wire import Asked


class AudienceQueryBeforeTriggers(Asked, frozen=True, kw_only=True):
    """What customer_view understood before it knew triggers: anything else is refused."""

    audience_key: str
    segment: str | None = None
    rule: dict[str, object] | None = None
    checks: list[str] = msgspec.field(default_factory=list)
    facts: list[str] = msgspec.field(default_factory=list)


def test_a_customer_view_that_knows_no_triggers_understands_questions_that_name_none() -> None:
    asked = AudienceQuery(audience_key="k", segment="silent", checks=["adult"], facts=["city"])
    understood = msgspec.json.decode(msgspec.json.encode(asked), type=AudienceQueryBeforeTriggers)
    assert (understood.segment, understood.checks, understood.facts) == ("silent", ["adult"], ["city"])
    assert msgspec.json.decode(msgspec.json.encode(asked), type=AudienceQuery) == asked
