"""customer_view over the bus."""

from shared.contracts.customer_view import Audience, AudiencePage, AudienceQuery
from shared.messaging.calling import RpcCaller

_SERVICE = "customer_view_bulk"
_AUDIENCE_SECONDS = 300.0  # one statement over the whole base
_PAGE_SECONDS = 60.0


class RemoteCustomerView:
    """Port `CustomerView`."""

    def __init__(self, caller: RpcCaller) -> None:
        self._caller = caller

    def audience(self, query: AudienceQuery) -> Audience:
        """Freeze the members of a rule; the same key again returns the same audience."""
        return self._caller.call(_SERVICE, "audience", {"query": query}, Audience, _AUDIENCE_SECONDS)

    def page(self, audience_id: str, after: str, limit: int) -> AudiencePage:
        """Return up to `limit` members after a subscriber id, in ascending order of id."""
        asked = {"audience_id": audience_id, "after": after, "limit": limit}
        return self._caller.call(_SERVICE, "audience_page", asked, AudiencePage, _PAGE_SECONDS)
