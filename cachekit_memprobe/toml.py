"""Values as TOML, which the standard library only reads."""

import json


def toml(value: object) -> str:
    """A value in one line: a string, a number, a truth, or lists and tables of such."""
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {toml(part)}' for key, part in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    # JSON's spelling of strings, numbers and truth is TOML's too, but for one control character.
    return json.dumps(value, ensure_ascii=False, default=str).replace("\x7f", "\\u007f")
