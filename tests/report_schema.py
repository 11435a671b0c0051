"""Hold a JSON report against its published schema."""

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

SCHEMA: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "docs" / "report.schema.json").read_text(encoding="utf-8")
)
Draft202012Validator.check_schema(SCHEMA)


def errors_in(document: Any, *, strictly: bool = True) -> list[str]:
    """What is wrong with a report; strictly, a key that the schema doesn't know as well."""
    validator = Draft202012Validator(_closed(SCHEMA) if strictly else SCHEMA)
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(document)]


def _closed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_closed(entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(entry) for name, entry in schema.items()}
    is_record = isinstance(closed.get("properties"), dict) and closed.get("type") == "object"
    return {"additionalProperties": False, **closed} if is_record else closed
