"""`banyan rules`: write, check, test, preview and follow the rules, as one does with code."""

from services.workbench.cli.lazy import LazyGroup

_HERE = "services.workbench.cli.rules"

rules = LazyGroup(
    "rules",
    help="编写、检查、测试与预览规则 · Write, check, test and preview the rules.",
    lazy={
        "check": (f"{_HERE}.check:check", "检查规则 · Find every mistake, and what looks like one"),
        "test": (f"{_HERE}.test:test", "执行规则用例 · Run every rule's cases on every executor"),
        "fmt": (f"{_HERE}.fmt:fmt", "统一格式 · Write rule files in their canonical form, comments kept"),
        "explain": (
            f"{_HERE}.explain:explain",
            "解释推荐资格 · Say why a subscriber may or may not be offered something",
        ),
        "eval": (f"{_HERE}.eval:evaluate", "对事实求值 · Judge facts by one rule file, one verdict a line"),
        "graph": (f"{_HERE}.graph:graph", "依赖关系 · Show what depends on what"),
        "plan": (f"{_HERE}.plan:plan", "预览变更影响 · Count whom a change gains and loses, before it goes live"),
        "replay": (f"{_HERE}.replay:replay", "重放历史决定 · Judge recorded decisions again under other rules"),
        "status": (f"{_HERE}.status:status", "规则生效状态 · Ask every process which rule set it runs"),
        "sets": (f"{_HERE}.sets:sets", "规则集版本 · List, pin and roll back rule sets"),
        "schema": (f"{_HERE}.schema:schema", "编辑器模式 · Write the JSON Schemas that editors complete from"),
    },
)
