"""`banyan governance`: why contacts were or were not made, who must be left alone, and who changed it."""

from services.workbench.cli.lazy import LazyGroup

_HERE = "services.workbench.cli.governance"

governance = LazyGroup(
    "governance",
    help="触达决定、名单与审计 · Explain decisions about contacts; keep the lists and what is known of subscribers.",
    lazy={
        "explain": (f"{_HERE}.explain:explain", "说明一次触达的决定 · Say why a contact was permitted or suppressed"),
        "history": (f"{_HERE}.explain:history", "列出客户的全部决定 · List every decision about a subscriber"),
        "recheck": (f"{_HERE}.recheck:recheck", "派发前复核预留 · Judge reservations again before they are used"),
        "list": (f"{_HERE}.lists:lists", "名单：导入、导出、查看、加入、移出 · Keep the lists; files in and out"),
        "override": (f"{_HERE}.overrides:override", "双人例外 · Two persons lift a list effect for one subscriber"),
        "audit": (f"{_HERE}.overrides:audit", "审计记录 · List who did what about a subscriber"),
        "subscriber": (f"{_HERE}.subscribers:subscriber", "客户数据导出与抹除 · Export or erase one subscriber's data"),
        "prune": (f"{_HERE}.retention:prune", "删除过期数据 · Delete what is older than need be"),
    },
)
