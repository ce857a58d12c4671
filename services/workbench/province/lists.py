"""Generated lists: who may not, or not by every channel, be approached."""

from collections.abc import Iterator

from services.workbench.province.chance import draws, threshold
from services.workbench.province.margins import SHARE_BLACKLISTED
from services.workbench.province.subscribers import customer_id
from shared.contracts.governance import ListEntry
from shared.contracts.wire import Channel, ListName

_SOURCE = "generated province (synthetic)"
_AUTHOR = "province generator"

# The black list's share is published; the others are ours.
_BLACK = threshold(SHARE_BLACKLISTED)
_OTHERS: tuple[tuple[ListName, int, str], ...] = (
    ("grey", threshold(0.015), "疑似骚扰投诉，核实中 / suspected complaint, being checked"),
    ("red", threshold(0.01), "高价值客户，由客户经理联系 / valued customer, approached by the account manager only"),
    ("special_card", threshold(0.006), "测试卡、激活卡、公务卡 / test, pre-activated or duty card"),
)
_OPT_OUTS: tuple[tuple[Channel, int], ...] = (
    ("sms", threshold(0.02)),
    ("outbound_call", threshold(0.025)),
    ("web", threshold(0.003)),
)


def lists(seed: int, size: int, *, first: int = 1) -> Iterator[tuple[ListName, ListEntry]]:
    """Yield (list, entry) for subscribers `first` … in ascending order of id; nobody is on two of the first four."""
    for number in range(first, first + size):
        draw = draws(seed, b"lists", number)
        if draw[0] < _BLACK:
            yield "black", _entry(number, "欠费销户或恶意投诉记录 / default or abuse on record")
        else:
            for (name, share, reason), chance in zip(_OTHERS, draw[1:], strict=False):
                if chance < share:
                    yield name, _entry(number, reason)
                    break
        for (channel, share), chance in zip(_OPT_OUTS, draw[8:], strict=False):
            if chance < share:
                yield "opt_out", _entry(number, f"客户要求不再接收 / opted out of {channel}", channel)


def _entry(number: int, reason: str, channel: Channel | None = None) -> ListEntry:
    return ListEntry(customer_id=customer_id(number), reason=reason, source=_SOURCE, author=_AUTHOR, channel=channel)
