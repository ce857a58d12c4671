"""The published AsyncAPI document as the judge of messages: which schema a message must fit, and whether it does."""

import json
from functools import cached_property
from typing import Any

import jsonschema
import yaml

from scripts.publish_api import FOLDER

OFFICIAL = "tests/contract/asyncapi/3.0.0.json"


class Published:
    """docs/api/asyncapi.yaml."""

    @cached_property
    def document(self) -> dict[str, Any]:
        text = (FOLDER / "asyncapi.yaml").read_text("utf-8")
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        found: dict[str, Any] = yaml.load(text, loader)  # noqa: S506 - both loaders are safe ones
        return found

    @property
    def messages(self) -> dict[str, Any]:
        found: dict[str, Any] = self.document["components"]["messages"]
        return found

    def faults_of(self, name: str, body: bytes, headers: dict[str, Any]) -> list[str]:
        """Return what about a message is not as published; empty if all is."""
        message = self.messages[name]
        trait = self.document["components"]["messageTraits"][message["traits"][0]["$ref"].rpartition("/")[2]]
        checked = ((message["payload"], json.loads(body)), (trait["headers"], headers))
        return [f"{name}: {fault}" for schema, value in checked for fault in self._faults(schema, value)]

    def _faults(self, schema: dict[str, Any], value: object) -> list[str]:
        whole = {"components": {"schemas": self.document["components"]["schemas"]}, "allOf": [schema]}
        validator = jsonschema.Draft7Validator(whole, format_checker=jsonschema.FormatChecker())
        return [f"{fault.json_path}: {fault.message}" for fault in validator.iter_errors(value)]
