"""Who would have taken the product anyway: the rehearsal's stand-in for life outside the campaigns."""

from shared.kernel.identity import unit_interval


def organic_adopter(seed: int, campaign_id: str, customer_id: str, share: float) -> bool:
    """Tell whether the subscriber takes the campaign's product without any contact; `share` of all do.

    It depends on nothing else, so contacted and control subscribers are alike in it, as they must be.
    """
    return unit_interval(str(seed), "organic", campaign_id, customer_id) < share
