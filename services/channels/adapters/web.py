"""The web and WAP zone: a banner shown at the next visit."""

from services.channels.adapters.work_list import WorkList


class Web(WorkList):
    """Contacts wait until the portal, which reads the work list, reports the visit."""
