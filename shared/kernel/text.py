"""Words for people, in Chinese and in English."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """One message in both languages; `{name}` placeholders are filled by `fill`."""

    zh: str
    en: str

    def fill(self, **values: object) -> "Text":
        """Return the text with its placeholders replaced; an unknown placeholder stays as written."""
        known = _Known(values)
        return Text(self.zh.format_map(known), self.en.format_map(known))

    def in_language(self, language: str) -> str:
        """Return the Chinese words for any `zh…` language tag, the English ones otherwise."""
        return self.zh if language.startswith("zh") else self.en


class _Known(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "{" + key + "}"
