"""What cachekit swallows when it stores or finds a value: it logs an error's kind at most, and goes on."""

import functools
import logging
import re
from collections.abc import Callable
from typing import Any

from cachekit_memprobe.child.printable import shortened
from cachekit_memprobe.child.workload.calls.decorated import Decorated

KEY, WRITE, READ = "key", "write", "read"

_STEPS = {
    "get_cache_key": KEY,
    "serialize_data": WRITE,
    "write_serialized_to": WRITE,
    "deserialize_data": READ,
}
"""Methods of the wrapper's handlers, by the names that every release has for them."""

_LONGEST = 400
_REDACTED = re.compile(r"(?: for)?(?: key)? '?<(?:redacted:[0-9a-f]+|generation_failed)>'?")
_DETAILS = re.compile(r" ?\| ?(?:operation|key|type|backend)=[^|]*")


class Refusals:
    """Notes the last error of each step, and what cachekit has warned of last.

    Only in the storing process: no measured read goes through this.
    """

    def __init__(self, decorated: Decorated) -> None:
        self._errors: dict[str, str] = {}
        self._heard = _Heard()
        logging.getLogger("cachekit").addHandler(self._heard)
        for handler in decorated.handlers():
            for name, step in _STEPS.items():
                if hasattr(handler, name):
                    setattr(handler, name, self._noting(getattr(handler, name), step))

    def of(self, step: str) -> str:
        """The last error of a step; empty without one."""
        return self._errors.get(step, "")

    @property
    def warned(self) -> str:
        """What cachekit has logged last; empty if it was silent."""
        return readable(self._heard.last)

    def _noting(self, method: Callable[..., Any], step: str) -> Callable[..., Any]:
        @functools.wraps(method)
        def noted(*args: Any, **kwargs: Any) -> Any:
            try:
                return method(*args, **kwargs)
            except Exception as error:
                self._errors[step] = readable(f"{type(error).__name__}: {error}")
                raise

        return noted


def readable(text: str) -> str:
    """An error of cachekit's in one line, without keys that it has redacted and what it says for machines."""
    words = " ".join(_DETAILS.sub("", _REDACTED.sub("", text)).split())
    return shortened(words.removesuffix("."), _LONGEST)


class _Heard(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.last = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.last = record.getMessage()
