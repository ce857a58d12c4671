"""The hotline: what the agent or the voice menu says when the subscriber calls in."""

from services.channels.adapters.work_list import WorkList


class Hotline(WorkList):
    """Contacts wait until the subscriber is on the line."""
