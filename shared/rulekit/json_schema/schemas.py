"""All schemas of a book, by the name of the file they are published in."""

import json
from collections.abc import Callable, Mapping

from shared.rulekit.json_schema.cases import case_schema
from shared.rulekit.json_schema.parts import Schema
from shared.rulekit.json_schema.rules import (
    conflict_schema,
    eligibility_schema,
    policy_schema,
    ranking_schema,
    segment_schema,
    trigger_schema,
)
from shared.rulekit.json_schema.vocabulary import vocabulary_schema
from shared.rulekit.model import RuleBook

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_OF_KIND: Mapping[str, Callable[[RuleBook], Schema]] = {
    "segments": segment_schema,
    "eligibility": eligibility_schema,
    "conflicts": conflict_schema,
    "contact_policy": policy_schema,
    "triggers": trigger_schema,
    "ranking": ranking_schema,
    "cases": case_schema,
    "vocabulary": lambda _book: vocabulary_schema(),
}


def schemas_of(book: RuleBook) -> dict[str, Schema]:
    """Return a schema for each kind of rule, for cases and for the vocabulary, by name."""
    return {name: {"$schema": _DRAFT, "title": f"Banyan: {name}", **of(book)} for name, of in _OF_KIND.items()}


def schema_files(book: RuleBook) -> dict[str, str]:
    """Return the content of each file under `rules/schema/`, by its name."""
    return {
        f"{name}.json": json.dumps(schema, ensure_ascii=False, indent=1) + "\n"
        for name, schema in schemas_of(book).items()
    }
