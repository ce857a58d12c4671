"""What travels: a TypedDict for every request, reply and event, by the names of the contract."""

from ._generated.messages import *  # noqa: F403 - the generated module lists them in __all__
