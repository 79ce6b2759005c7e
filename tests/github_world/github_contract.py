"""GitHub's published REST description as a judge of requests and answers, where `make tools` has put it."""

from __future__ import annotations

import functools
import json
import os
import re
from pathlib import Path
from typing import Any, Self

import jsonschema
from jsonschema.protocols import Validator

DESCRIPTION = Path(".tools/npm/node_modules/@octokit/openapi/generated/api.github.com.json")
ROOT = Path(__file__).resolve().parents[2]


class Contract:
    """The operations of the description by method and path."""

    def __init__(self, path: Path) -> None:
        self._document = json.loads(path.read_text(encoding="utf-8"))
        self._operations = {
            (method.upper(), re.compile(_pattern(template))): operation
            for template, methods in self._document["paths"].items()
            for method, operation in methods.items()
        }

    @classmethod
    def find(cls) -> Self | None:
        """Return the description in the tree; ``None`` where it is not, and need not be."""
        path = ROOT / DESCRIPTION
        if path.exists():
            return cls._load(path)
        assert os.environ.get("WEDGATE_REQUIRE_TOOLS") != "1", f"{DESCRIPTION} is missing; run `make tools`"
        return None

    @classmethod
    @functools.cache
    def _load(cls, path: Path) -> Self:
        return cls(path)

    def breaches(
        self, method: str, path: str, query: dict[str, list[str]], content: Any, status: int, body: Any
    ) -> list[str]:
        """Return what the description does not allow of a request or of its answer."""
        place = f"{method} {path}"
        operation = self._operation(method, path)
        if operation is None:
            return [f"{place}: GitHub has no such operation"]
        found = [f"{place}: {words}" for words in self._of_query(operation, query)]
        if content is not None:
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            found += [f"{place} sends {words}" for words in self._of_schema(schema, content)]
        if status < 400:
            answer = self._at(operation["responses"][str(status)])
            if "content" not in answer:
                return found + ([] if body is None else [f"{place} answers with a body, where GitHub has none"])
            schema = answer["content"]["application/json"]["schema"]
            found += [f"{place} answers {words}" for words in self._of_schema(schema, body)]
        return found

    def _operation(self, method: str, path: str) -> Any:
        """Return the operation of a path; of several that fit, the one with the fewest places to fill in."""
        fitting = [
            ((pattern.groups, -len(pattern.pattern)), operation)
            for (known, pattern), operation in self._operations.items()
            if known == method and pattern.fullmatch(path)
        ]
        return min(fitting, key=lambda each: each[0])[1] if fitting else None

    def _of_query(self, operation: Any, query: dict[str, list[str]]) -> list[str]:
        known = {each["name"]: each for each in map(self._at, operation.get("parameters", [])) if each["in"] == "query"}
        found = [f"the parameter {name} is not known" for name in query if name not in known]
        for name, values in query.items():
            schema = known.get(name, {}).get("schema", {})
            value: Any = int(values[0]) if schema.get("type") == "integer" and values[0].isdigit() else values[0]
            found += self._of_schema(schema, value)
        return found

    def _of_schema(self, schema: Any, value: Any) -> list[str]:
        validator = _VALIDATOR({**schema, "components": self._document["components"]})
        errors = sorted(validator.iter_errors(value), key=lambda error: list(map(str, error.path)))
        return [f"{'.'.join(map(str, error.path)) or 'it'}: {error.message[:300]}" for error in errors[:3]]

    def _at(self, node: Any) -> Any:
        """Follow a reference inside of the document."""
        if "$ref" not in node:
            return node
        found = self._document
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return found


def _pattern(template: str) -> str:
    """Return a template of a path as a regular expression; a path of a file may hold slashes."""
    escaped = re.escape(template)
    return re.sub(r"\\\{(\w+)\\\}", lambda found: "(.+)" if found[1] in ("path", "ref") else "([^/]+)", escaped)


def _or_null(check: Any) -> Any:
    """Let null pass where OpenAPI 3.0 says ``nullable`` beside a keyword."""

    def checked(validator: Validator, value: Any, instance: Any, schema: Any) -> Any:
        if instance is None and schema.get("nullable"):
            return
        yield from check(validator, value, instance, schema) or ()

    return checked


_BASE = jsonschema.Draft202012Validator
_VALIDATOR = jsonschema.validators.extend(
    _BASE, {word: _or_null(_BASE.VALIDATORS[word]) for word in ("type", "enum", "anyOf", "oneOf", "allOf", "$ref")}
)
