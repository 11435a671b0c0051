"""Text from outside (source lines, a child's stderr, names), made safe to show on a terminal."""

import re
import unicodedata

_ESCAPE_SEQUENCE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # a control sequence: colours, cursor moves
    r"|\x1b[\]PX^_].*?(?:\x07|\x1b\\|$)"  # a string: window titles, hyperlinks
    r"|\x1b[ -/]*[0-~]?",
    re.DOTALL,
)


def clean(text: str) -> str:
    """The text without control and direction-changing characters; line breaks stay, tabs become blanks."""
    lines = _ESCAPE_SEQUENCE.sub("", text).replace("\r\n", "\n").replace("\r", "\n").expandtabs(4)
    return "".join(_shown(character) for character in lines)


def clean_line(text: str) -> str:
    """The same on one line, without blanks around it."""
    return " ".join(clean(text).split())


def _shown(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cs":
        return "?"
    return "" if category in ("Cc", "Cf") and character != "\n" else character
