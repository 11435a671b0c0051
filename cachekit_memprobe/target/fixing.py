"""Environments that differ in one thing only: what all of them can have of everything else."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.target import environment, installer, uv_settings
from cachekit_memprobe.target.local import Local
from cachekit_memprobe.target.recipe import PACKAGES, Base, recipe_of

_AT_ONCE = 4
"""uv waits for an index most of the time."""


@dataclass(frozen=True)
class Wanted:
    """An environment as it is asked for.

    Attributes:
        extras: requirements that all or this one shall have.
        base: the interpreter; ``None`` for this tool's own.
    """

    source: Version | Local
    extras: tuple[Requirement, ...] = ()
    base: Base | None = None

    @property
    def noted(self) -> Mapping[str, str]:
        """What is in it, if it is there."""
        return environment.noted_versions(recipe_of(self.source, self.extras, self.base))

    def resolved(self) -> Mapping[str, str]:
        """What would be in it if it were made now.

        Raises:
            CouldNotMeasure: it can't be made.
        """
        recipe = recipe_of(self.source, self.extras, self.base)
        if not isinstance(self.source, Version):
            return {}
        wanted = (f"cachekit=={self.source}", *recipe.requirements)
        return installer.resolved(wanted, recipe.python, recipe.name)

    def pinned(self, held: Mapping[str, str]) -> "Wanted":
        """With these versions, unless it has, or would get, them by itself."""
        own = {canonicalize_name(one.name) for one in self.extras}
        more = [Requirement(f"{name}=={version}") for name, version in held.items() if name not in own]
        return Wanted(self.source, (*self.extras, *more), self.base)


def agree(versions: Mapping[str, str], held: Mapping[str, str]) -> bool:
    """Whether an environment has what is held fixed."""
    return bool(versions) and all(versions.get(name) == version for name, version in held.items())


def fixed(
    wanted: Sequence[Wanted],
    varied: str,
    is_known: Callable[[Wanted, Mapping[str, str]], bool],
    progress: Callable[[str], None],
) -> tuple[dict[str, str], list[Wanted]]:
    """What all of them have in common, the newest that each admits; and each as it has to be made for that.

    Args:
        varied: the package that differs, which isn't held.
        is_known: whether something was measured in such an environment already.

    Raises:
        CouldNotMeasure: nothing is known of any.
    """
    progress("looking up what all of them can be measured with")
    if uv_settings.is_offline():
        found = [one.noted for one in wanted]
        held = oldest([one for one in found if one], varied)
        return held, [
            one if agree(has, held) else one.pinned(held) for one, has in zip(wanted, found, strict=True)
        ]
    held = oldest([_or_nothing(wanted[-1])], varied)
    if held and all(agree(one.noted, held) or is_known(one, held) for one in wanted):
        return held, [*wanted]
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        resolved = list(pool.map(_or_nothing, wanted))
    held = oldest([one for one in resolved if one], varied)
    return held, [
        one if agree(one.noted or would, held) else one.pinned(held)
        for one, would in zip(wanted, resolved, strict=True)
    ]


def _or_nothing(wanted: Wanted) -> Mapping[str, str]:
    """Why it can't be made is told when it is made."""
    try:
        return wanted.resolved()
    except CouldNotMeasure:
        return {}


def oldest(found: Sequence[Mapping[str, str]], varied: str) -> dict[str, str]:
    """Of each package that all have, but for the one that is varied, the oldest version."""
    return {
        name: min((one[name] for one in found), key=_by_version)
        for name in PACKAGES
        if name != varied and found and all(name in one for one in found)
    }


def _by_version(text: str) -> Version:
    try:
        return Version(text)
    except InvalidVersion:
        return Version("0")
