"""Rule sets for the ledger's model: every kind of policy, over calendars whose clocks change."""

from datetime import UTC, datetime

ZONES = ("Asia/Shanghai", "America/New_York", "Europe/Berlin", "America/Havana", "Australia/Lord_Howe")
"""Havana changes its clocks at midnight, Lord Howe by half an hour."""

STARTS = (datetime(2026, 3, 2, 1, tzinfo=UTC), datetime(2026, 10, 19, 14, 30, tzinfo=UTC))
"""Before the clocks go forward, and before they go back."""

_NIGHTS = """kind: quiet_hours
applies_to: {directions: [outbound], purposes: [marketing]}
weekly:
  - {days: [mon, tue, wed, thu, fri], from: "21:00", to: "09:00"}
  - {days: [sat, sun], from: "20:15", to: "10:30"}
holidays: {dates: [2026-03-08, 2026-03-29, 2026-10-25, 2026-11-01], from: "00:00", to: "02:30"}"""
_CHANGES = """kind: quiet_hours
weekly:
  - {days: [sat, sun], from: "01:45", to: "02:15"}
  - {days: [sun], from: "00:00", to: "00:30"}
  - {days: [mon], from: "12:00", to: "12:00"}"""

SETS = {
    "every kind": {
        "a-week": "kind: frequency_cap\napplies_to: {purposes: [marketing]}\n"
        "per: customer\nlimit: 2\nwindow: {rolling: 7d}",
        "b-day": "kind: frequency_cap\nper: customer_channel\nlimit: 1\nwindow: {calendar: day}",
        "c-spacing": "kind: spacing\nper: customer\nat_least: 3h",
        "d-nights": _NIGHTS,
        "e-refused": "kind: cooling_off\nafter: [refused, complaint]\nsame: category\nspan: 30d",
        "f-opted-out": "kind: list_effect\napplies_to: {purposes: [marketing]}\nlist: opt_out",
        "g-black": "kind: list_effect\nlist: black",
        "h-not-twice": "kind: no_repeat\napplies_to: {channels: [sms]}\nspan: 14d",
        "i-hall": "kind: capacity\napplies_to: {channels: [hall]}\n"
        "limit: 3\nwindow: {calendar: day}\nzone: America/New_York",
        "j-calls": "kind: capacity\napplies_to: {channels: [sms, hall]}\n"
        "limit: 2\nwindow: {calendar: hour}\nzone: Asia/Shanghai",
    },
    "calendars": {
        "a-hour": "kind: frequency_cap\nper: customer\nlimit: 1\nwindow: {calendar: hour}",
        "b-day": "kind: frequency_cap\nper: customer\nlimit: 2\nwindow: {calendar: day}",
        "c-week": "kind: frequency_cap\nper: customer_category\nlimit: 2\nwindow: {calendar: week}",
        "d-month": "kind: frequency_cap\nper: customer_campaign\nlimit: 2\nwindow: {calendar: month}",
        "e-purpose": "kind: frequency_cap\nper: customer_purpose\nlimit: 3\nwindow: {calendar: week}",
        "f-for-a-while": "valid_for: {from: 2026-03-05, to: 2026-03-29}\nkind: frequency_cap\n"
        "per: customer\nlimit: 1\nwindow: {rolling: 3d}",
        "g-for-a-while": "valid_for: {from: 2026-03-08}\nkind: frequency_cap\n"
        "per: customer\nlimit: 1\nwindow: {calendar: day}",
        "h-changes": _CHANGES,
    },
    "windows": {
        "a-three-in-two-days": "kind: frequency_cap\nper: customer\nlimit: 3\nwindow: {rolling: 2d}",
        "b-two-in-thirty-hours": "kind: frequency_cap\nper: customer_channel\nlimit: 2\nwindow: {rolling: 30h}",
        "c-spacing": "kind: spacing\nper: customer_category\nat_least: 26h",
        "d-any": "kind: cooling_off\nafter: [complaint]\nsame: any\nspan: 2d",
        "e-offering": "kind: cooling_off\nafter: [refused]\nsame: offering\nspan: 7d",
        "f-campaign": "kind: cooling_off\nafter: [refused]\nsame: campaign\nspan: 1d",
        "g-nights": _NIGHTS,
        "h-grey": "kind: list_effect\napplies_to: {categories: [music]}\nlist: grey",
    },
    "the operator": {
        "a-hall": "kind: capacity\napplies_to: {channels: [hall]}\n"
        "limit: 2\nwindow: {calendar: hour}\nzone: Europe/Berlin",
        "b-all": "kind: capacity\nlimit: 4\nwindow: {calendar: day}\nzone: Australia/Lord_Howe",
        "c-music": "kind: capacity\napplies_to: {categories: [music], purposes: [marketing]}\n"
        "limit: 3\nwindow: {calendar: day}\nzone: America/Havana",
        "d-day": "kind: frequency_cap\nper: customer\nlimit: 3\nwindow: {calendar: day}",
        "e-black": "kind: list_effect\nlist: black",
        "f-changes": _CHANGES,
    },
}
