"""Codes of what stands beside the rules: column maps, catalogue, campaign plans, accepted findings."""

from shared.rulekit.analysis.codes import Code, error

PLAN_CODES: tuple[Code, ...] = (
    error(
        "bad_pattern",
        "正则表达式不合规",
        "not a regular expression",
        "检查括号与转义。",
        "Check brackets and backslashes.",
    ),
    error("bad_delimiter", "分隔符不合规", "unusable delimiter", "一个字符。", "A delimiter is one character."),
    error(
        "no_as_of",
        "缺少 as_of",
        "as_of is missing",
        "months_since 需要知道文件的日期。",
        "months_since needs the day the file speaks of.",
    ),
    error(
        "duplicate_offering",
        "产品条目重复",
        "the same offering twice",
        "编号只能用一次。",
        "Each offering id is used once over all files of the catalogue.",
    ),
    error(
        "id_differs",
        "编号与目录名不同",
        "id is not the folder's name",
        "活动编号须与目录名相同。",
        "The campaign's id must be its folder's name.",
    ),
    error(
        "invalid_plan",
        "计划自相矛盾",
        "a plan that contradicts itself",
        "计划各部分互相对不上。",
        "Parts of the plan do not fit each other; the message says which.",
    ),
    error(
        "invalid_rule", "条件不合规", "unusable rule", "阶段的条件写错。", "The inline rule of a phase cannot be read."
    ),
    error(
        "visited_channel",
        "该渠道由客户来访",
        "a channel subscribers come to",
        "用 inbound，不用步骤。",
        "Subscribers come there when they like: offer there with inbound, without a step.",
    ),
    error(
        "unknown_exception",
        "例外没有对应的发现",
        "an accepted finding that is not there",
        "check.yaml 中的这一项什么也没有匹配，请删去。",
        "This entry of check.yaml matches nothing any more. Delete it, so that it hides nothing later.",
    ),
    error(
        "no_reason",
        "例外没有理由",
        "an accepted finding without a reason",
        "写明为什么接受。",
        "Say why the finding is accepted: whoever reads it next will ask.",
    ),
    error(
        "unknown_code",
        "没有这个代码",
        "unknown code",
        "见 banyan rules check --explain。",
        "No check reports this code.",
    ),
    error(
        "never_accepted",
        "错误不能被接受",
        "errors cannot be accepted",
        "只有警告与提示可以列入 check.yaml。",
        "Only warnings and notes may be listed in check.yaml: an error would be refused at run time, or act wrongly.",
    ),
)
"""In that order."""
