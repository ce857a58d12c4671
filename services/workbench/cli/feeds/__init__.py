"""`banyan feeds`: BOSS's files and streams into customer_view, beside its services, by its own database."""

from services.workbench.cli.lazy import LazyGroup

_HERE = "services.workbench.cli.feeds"

feeds = LazyGroup(
    "feeds",
    help="批量数据接入 · Bring BOSS's files and streams into customer_view; resumed where a run ended.",
    lazy={
        "load": (f"{_HERE}.load:load", "装载文件 · Load a file of customers, orders or events"),
        "follow": (f"{_HERE}.follow:follow", "消费事件流 · Follow an event stream on RabbitMQ"),
        "status": (f"{_HERE}.status:status", "接入状态 · How far each feed has come, and what it refused last"),
    },
)
