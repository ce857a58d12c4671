"""Words for what happened to a subscriber, in Chinese and English."""

from shared.kernel.text import Text

CHANNELS = {
    "hall": Text("营业厅", "in the business hall"),
    "outbound_call": Text("外呼", "by outbound call"),
    "sms": Text("短信", "by SMS"),
    "hotline": Text("客服热线", "on the hotline"),
    "web": Text("网站", "in the web zone"),
}
OUTCOMES = {
    "accepted": Text("客户接受", "the subscriber accepted"),
    "refused": Text("客户拒绝", "the subscriber refused"),
    "later": Text("客户表示以后再说", "the subscriber said: later"),
    "no_answer": Text("无人接听", "nobody answered"),
    "unreachable": Text("无法接通", "the subscriber could not be reached"),
    "complaint": Text("客户投诉", "the subscriber complained"),
    "opt_out": Text("客户要求不再联系", "the subscriber asked not to be contacted any more"),
    "delivered": Text("消息已送达", "the message was delivered"),
    "ignored": Text("客户未回应", "the subscriber did not respond"),
}
STAGES = {
    "eligible": Text("不符合条件", "was not eligible"),
    "after_lists": Text("在剔除名单上", "was on a list"),
    "after_conflicts": Text("与其他活动冲突", "lost to a conflicting offer"),
    "after_limits": Text("受接触规则限制", "was held back by the contact rules"),
}


def in_channel(channel: str) -> Text:
    """Return words for where a contact takes place."""
    return CHANNELS.get(channel, Text(channel, channel))


def joined(campaign: Text, cell: str, *, is_control: bool) -> Text:
    """Tell that the subscriber became a member of a campaign's audience."""
    if is_control:
        return Text(
            f"进入“{campaign.zh}”目标客户，分入对照组，不接触", f"joined “{campaign.en}” as control: never contacted"
        )
    return Text(f"进入“{campaign.zh}”目标客户，分入 {cell} 组", f"joined the audience of “{campaign.en}”, cell {cell}")


def dropped(campaign: Text, stage: str) -> Text:
    """Tell that the subscriber fell out of a campaign."""
    words = STAGES.get(stage, Text(stage, stage))
    return Text(f"未被“{campaign.zh}”接触：{words.zh}", f"not contacted for “{campaign.en}”: {words.en}")


def suppressed(offering: Text, channel: str) -> Text:
    """Tell that governance did not permit a contact."""
    where = in_channel(channel)
    return Text(f"{where.zh}推荐“{offering.zh}”未获许可", f"offering “{offering.en}” {where.en} was not permitted")


def planned(offering: Text, channel: str) -> Text:
    """Tell that governance permitted a contact."""
    where = in_channel(channel)
    return Text(f"获准{where.zh}推荐“{offering.zh}”", f"permitted: “{offering.en}” {where.en}")


def contacted(offering: Text, channel: str, *, inbound: bool) -> Text:
    """Tell that a contact took place."""
    where = in_channel(channel)
    if inbound:
        return Text(f"客户来访{where.zh}时推荐“{offering.zh}”", f"visited {where.en} and was offered “{offering.en}”")
    return Text(f"{where.zh}推荐“{offering.zh}”", f"was offered “{offering.en}” {where.en}")


def failed(offering: Text, channel: str, detail: str) -> Text:
    """Tell that a permitted contact was not made, and why: often governance took the permission back."""
    where, why = in_channel(channel), f" ({detail})" if detail else ""
    return Text(f"{where.zh}推荐“{offering.zh}”未进行{why}", f"“{offering.en}” {where.en} was not made{why}")


def answered(outcome: str, detail: str) -> Text:
    """Tell what came of a contact."""
    words = OUTCOMES.get(outcome, Text(outcome, outcome))
    suffix = f" ({detail})" if detail else ""
    return Text(words.zh + suffix, words.en + suffix)


def ordered(offering: Text) -> Text:
    """Tell that an order was placed."""
    return Text(f"下单办理“{offering.zh}”", f"“{offering.en}” was ordered")


def fulfilled(offering: Text) -> Text:
    """Tell that CRM and ISMP carried an order out."""
    return Text(f"“{offering.zh}”已在 CRM 和 ISMP 开通", f"“{offering.en}” was set up in CRM and ISMP")
