"""How a test ends that measures: pytest's own failure, which no ``except Exception`` of a test hides."""

from typing import Any

import pytest

_Failed: Any = pytest.fail.Exception


class OverBudget(_Failed):  # type: ignore[misc]  # pytest has no public name for the class
    """A limit was exceeded. The message has the read's report, and is all that is shown."""

    # As pytest does with its own, so that a summary has the name alone.
    __module__ = "builtins"

    def __init__(self, message: str) -> None:
        super().__init__(message, pytrace=False)


class Unmeasured(_Failed):  # type: ignore[misc]  # likewise
    """Something could not be measured, so that nothing is known of its limit."""

    __module__ = "builtins"

    def __init__(self, message: str) -> None:
        super().__init__(message, pytrace=False)
