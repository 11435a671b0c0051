"""Hold JSON, of reports and of comparisons, against the published schemas."""

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator


def _schema(name: str) -> dict[str, Any]:
    text = (Path(__file__).parents[1] / "docs" / f"{name}.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    Draft202012Validator.check_schema(schema)
    return schema


REPORT, COMPARISON, HISTORY = _schema("report"), _schema("comparison"), _schema("history")


def errors_in(document: Any, schema: dict[str, Any] = REPORT, *, strictly: bool = True) -> list[str]:
    """What is wrong with a document; strictly, a key that the schema doesn't know as well."""
    validator = Draft202012Validator(_closed(schema) if strictly else schema)
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(document)]


def _closed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_closed(entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(entry) for name, entry in schema.items()}
    is_record = isinstance(closed.get("properties"), dict) and closed.get("type") == "object"
    return {"additionalProperties": False, **closed} if is_record else closed
