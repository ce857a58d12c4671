"""The business hall: the clerk's screen shows what to say when the subscriber comes."""

from services.channels.adapters.work_list import WorkList


class Hall(WorkList):
    """Contacts wait until the subscriber stands at the counter; without a visit they lapse."""
