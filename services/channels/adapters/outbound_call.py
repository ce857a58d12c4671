"""The outbound call centre: agents take numbers from the list and read the script."""

from services.channels.adapters.work_list import WorkList


class OutboundCall(WorkList):
    """Contacts wait until an agent has called; the agent records no answer and unreachable too."""
