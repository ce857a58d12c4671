"""Which campaigns are alike: plans say so of one another, and it holds both ways."""

from collections import defaultdict
from collections.abc import Collection, Mapping


def similar_campaigns(named: Mapping[str, Collection[str]]) -> dict[str, list[str]]:
    """Return for each campaign those it names and those that name it, in order; who is like none is left out.

    `named`: by campaign id, the campaigns that its plan says it is like.
    """
    alike: defaultdict[str, set[str]] = defaultdict(set)
    for campaign_id, others in named.items():
        for other in others:
            if other != campaign_id:
                alike[campaign_id].add(other)
                alike[other].add(campaign_id)
    return {campaign_id: sorted(others) for campaign_id, others in alike.items()}
