"""A small rules folder for tests: the project's vocabulary and a few rules of the tests' own."""

from pathlib import Path

PROJECT = Path(__file__).parents[3]
_SEGMENTS = {
    "silent": "classifies: stage\norder: 20\nwhen: {crbt_subscribed: true, crbt_days_since_download: {more_than: 60}}",
    "half-silent": "classifies: stage\norder: 30\n"
    "when: {crbt_subscribed: true, crbt_days_since_download: {more_than: 30}}",
    "at-risk": "classifies: stage\norder: 10\nwhen: {crbt_churn_probability: {at_least: 0.7}}",
    "big-spender": "when: {monthly_spend: {at_least: 50}}",
    "over-quota": "when: {data_used_mb: {more_than: {fact: data_quota_mb, times: 0.8}}}",
    "no-crbt": "when: {products: {contains_none: [crbt]}}",
    "old-timer": "when: {activated_on: {older_than: 365d}}",
    "only-in-2020": "valid_for: {from: 2020-01-01, to: 2020-12-31}\nwhen: {age: {at_least: 0}}",
}
_ELIGIBILITY = {
    "grown-up": "level: eligibility\nwhen: {age: {at_least: 18}}",
    "not-poor": "level: suitability\nwhen: {balance: {at_least: 10}}",
    "expired": "level: suitability\nvalid_for: {to: 2020-12-31}\nwhen: {age: {at_least: 0}}",
}

_CASES = {
    **dict.fromkeys(("segments", "eligibility"), "- {title: nobody, facts: {}, expect: unknown}\n"),
    "triggers": "- {title: nobody, facts: {}, at: 2026-03-02T09:00, events: [], expect: false}\n",
}
_TRIGGERS = {
    "quota-twice": "kind: count\nevent: quota_passed\nwhere: {percent: {at_least: 80}}\nat_least: 2\nwithin: 3d\n"
    "again_after: 30d\nwhen: {age: {at_least: 18}}",
    "trial-then-tone": "kind: sequence\nwithin: 7d\n"
    "steps: [{event: trial_started, where: {product: crbt}}, {event: tone_downloaded}]",
    "no-top-up": "kind: absence\nafter: {event: quota_passed}\nwithout: {event: top_up}\nfor: 5d\nagain_after: 5d",
}


def write_rules(folder: Path, *, more_facts: str = "") -> Path:
    """Write the folder; `more_facts` are lines appended to the vocabulary's facts."""
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = (PROJECT / "rules" / "vocabulary.yaml").read_text(encoding="utf-8")
    vocabulary = vocabulary.replace("facts:\n", f"facts:\n{more_facts}", 1)
    (folder / "vocabulary.yaml").write_text(vocabulary, encoding="utf-8")
    for kind, rules in (("segments", _SEGMENTS), ("eligibility", _ELIGIBILITY), ("triggers", _TRIGGERS)):
        for name, body in rules.items():
            place = folder / kind / name
            place.mkdir(parents=True, exist_ok=True)
            head = f"id: {name}\nowner: tests\nbecause: {{zh: 测试, en: test}}\n"
            (place / "rule.yaml").write_text(head + body + "\n", encoding="utf-8")
            (place / "cases.yaml").write_text(_CASES[kind], encoding="utf-8")
    return folder
