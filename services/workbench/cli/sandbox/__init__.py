"""`banyan sandbox`: play the operator's systems, let them misbehave, look at what arrived, and walk through it all."""

from services.workbench.cli.lazy import LazyGroup

_HERE = "services.workbench.cli.sandbox"

sandbox = LazyGroup(
    "sandbox",
    help="沙箱：模拟 CRM、ISMP、短信网关与 BOSS · Play CRM, ISMP, the SMS gateway and BOSS.",
    lazy={
        "serve": (f"{_HERE}.serving:serve", "启动沙箱 · Play CRM, ISMP and the SMS gateway over HTTP"),
        "health": (f"{_HERE}.looking:health", "沙箱是否在线 · Say whether the sandbox answers"),
        "behave": (f"{_HERE}.behaving:behave", "设定异常行为 · Let a system be late, fail, repeat, refuse …"),
        "orders": (f"{_HERE}.looking:orders", "查看订单 · Show the orders that arrived"),
        "messages": (f"{_HERE}.looking:messages", "查看短信 · Show the messages that arrived"),
        "calls": (f"{_HERE}.looking:calls", "查看请求 · Show what was asked and answered"),
        "flush": (f"{_HERE}.behaving:flush", "执行搁置的请求 · Carry out now what was put aside or repeated"),
        "forget": (f"{_HERE}.behaving:forget", "清空沙箱 · Forget orders, messages, calls and behaviours"),
        "send": (f"{_HERE}.sending:send", "模拟 BOSS 发送数据 · Send synthetic subscribers, events or orders"),
        "walk": (f"{_HERE}.walking:walk", "端到端走通一单 · Take one order from the counter to CRM and ISMP"),
    },
)
