"""Words for people, in Chinese and in English."""

from dataclasses import dataclass
from functools import lru_cache
from string import Formatter


@dataclass(frozen=True, slots=True)
class Text:
    """One message in both languages; `{name}` placeholders are filled by `fill`."""

    zh: str
    en: str

    def fill(self, **values: object) -> "Text":
        """Return the text with its placeholders replaced; an unknown placeholder stays as written."""
        known = _Known(values)
        return Text(self.zh.format_map(known), self.en.format_map(known))

    def placeholders(self) -> frozenset[str]:
        """Return the names that `fill` may be given."""
        return _placeholders(self.zh) | _placeholders(self.en)

    def in_language(self, language: str) -> str:
        """Return the Chinese words for any `zh…` language tag, the English ones otherwise."""
        return self.zh if language.startswith("zh") else self.en


@lru_cache(maxsize=4_096)
def _placeholders(words: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in Formatter().parse(words) if name)


class _Known(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "{" + key + "}"
