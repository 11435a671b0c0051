"""The environment of a run, in words and as one digest: figures of the same environment can be compared."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cachekit_memprobe import variables
from cachekit_memprobe.model import Run

_PACKAGES = ("pandas", "pyarrow", "numpy", "memray", "orjson", "polars")
"""Those whose memory a read's figures are made of, and the instrument that follows it."""

_LENGTH = 12


@dataclass(frozen=True)
class Fingerprint:
    """What figures depend on besides the code of the read.

    Attributes:
        parts: by name, in words for a reader; what isn't known is absent. ``cachekit`` is one of them.
        digest: the same for the same parts, in whichever order, and for no others.
    """

    parts: Mapping[str, str]
    digest: str

    @classmethod
    def of(cls, parts: Mapping[str, str]) -> "Fingerprint":
        """That of parts which are known, such as those of a saved report."""
        text = json.dumps(dict(parts), sort_keys=True)
        return cls(dict(parts), hashlib.sha256(text.encode()).hexdigest()[:_LENGTH])

    def differences(self, other: "Fingerprint") -> Mapping[str, tuple[str | None, str | None]]:
        """The parts that differ, as they are here and there; ``None`` where one isn't known."""
        pairs = {name: (self.parts.get(name), other.parts.get(name)) for name in (*self.parts, *other.parts)}
        return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def fingerprint_of(run: Run) -> Fingerprint:
    """The fingerprint of a run, whether it is planned or was saved."""
    return Fingerprint.of({name: words for name, words in _parts(run) if words})


def _parts(run: Run) -> Iterator[tuple[str, str]]:
    versions = run.target.versions
    yield "cachekit", run.target.words.removeprefix("cachekit ") if "cachekit" in versions else ""
    yield "python", " ".join(versions[name] for name in ("python", "implementation") if name in versions)
    for name in _PACKAGES:
        yield name, versions.get(name, "")
    yield "modified", versions.get("modified", "")
    yield "system", versions.get("platform", "")
    yield "libc", versions.get("libc", "")
    yield "allocators", _allocators(run)
    yield "instruments", ", ".join(run.options.instruments)


def _allocators(run: Run) -> str:
    if not run.options.as_deployed:
        return "pinned"
    kept = variables.in_words(run.options.kept_environment)
    return f"as deployed, {kept or 'without settings'}"
