"""What the target can import."""

from importlib.metadata import PackageNotFoundError, version

from cachekit_memprobe.child.releases import version_key
from cachekit_memprobe.doctor.check import Check, Subject
from cachekit_memprobe.doctor.children import ask_code

_OLDEST_READ, _NEWEST_READ = "0.4.0", "0.24.1"
"""The releases whose source the stage map was read from."""


def no_target(problem: str | None) -> Check:
    """What is told in place of the target's own checks."""
    remedy = "Choose another cachekit with --cachekit or --python."
    return Check("cachekit", "missing", problem or "there is no cachekit to measure", remedy)


def cachekit(subject: Subject) -> Check:
    """It can be imported, and the stage map knows its release."""
    name, release = "cachekit", subject.versions.get("cachekit")
    answer = ask_code(subject.python, "import cachekit")
    if release is None or not answer.ok:
        detail = answer.text or "it is installed without its version"
        return Check(
            name, "missing", detail, "Install cachekit in the target, or choose a release with --cachekit."
        )
    if version_key(release) > version_key(_NEWEST_READ):
        detail = f"{release} is newer than {_NEWEST_READ}, the last release that the stage map was read from"
        remedy = "Read a verdict of 'unmeasured' as a function that was moved: a missing one fails loudly."
        return Check(name, "limited", detail, remedy)
    if version_key(release) < version_key(_OLDEST_READ):
        detail = f"{release} is older than {_OLDEST_READ}, the first release that the stage map was read from"
        return Check(name, "limited", detail, f"Measure {_OLDEST_READ} or a later release.")
    state = subject.versions.get("cachekit_state")
    return Check(name, "ok", f"{release} ({state})" if state else release)


def memray(subject: Subject) -> Check:
    """The target writes captures that this tool reads: both need the same memray."""
    name, own = "memray", _own_memray()
    answer = ask_code(subject.python, "import memray; print(memray.__version__)")
    install = f"Install memray=={own} in the target."
    if not answer.ok:
        return Check(name, "missing", answer.text, install)
    if answer.text != own:
        return Check(name, "limited", f"{answer.text} in the target, {own} in cachekit-memprobe", install)
    return Check(name, "ok", answer.text)


def arrow_pool(subject: Subject) -> Check:
    """On Arrow's own pools memray sees arenas, or nothing, in place of buffers."""
    name = "Arrow pool"
    code = "import pyarrow; print(pyarrow.default_memory_pool().backend_name)"
    answer = ask_code(subject.python, code, {"ARROW_DEFAULT_MEMORY_POOL": "system"})
    if not answer.ok:
        return Check(
            name, "limited", answer.text, "Install pyarrow in the target to measure the arrow scenarios."
        )
    if answer.text != "system":
        detail = f"Arrow stays on its {answer.text} pool, where memray can't see its buffers"
        return Check(name, "limited", detail, "Install a pyarrow wheel from PyPI in the target.")
    return Check(name, "ok", "can be set to system, where memray sees each buffer")


def orjson(subject: Subject) -> Check:
    """From 0.11.0 on an extra of cachekit."""
    answer = ask_code(subject.python, "import orjson; print(orjson.__version__)")
    if answer.ok:
        return Check("orjson", "ok", answer.text)
    return Check(
        "orjson", "limited", answer.text, "Install orjson in the target to measure the json scenarios."
    )


def pymemcache(subject: Subject) -> Check:
    """An extra of cachekit."""
    answer = ask_code(subject.python, "import pymemcache; print(pymemcache.__version__)")
    if answer.ok:
        return Check("pymemcache", "ok", answer.text)
    remedy = "Install pymemcache in the target to measure the memcached scenarios."
    return Check("pymemcache", "limited", answer.text, remedy)


def _own_memray() -> str:
    try:
        return version("memray")
    except PackageNotFoundError:
        return "none"
