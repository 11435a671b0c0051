from dataclasses import replace

import pytest

from cachekit_memprobe.fingerprint import Fingerprint, fingerprint_of
from cachekit_memprobe.model import Run, Target
from tests.golden.reports import CREATED, OPTIONS, SCENARIO, TARGET

RUN = Run(CREATED, TARGET, OPTIONS, (SCENARIO,))


def with_versions(**versions: str) -> Run:
    return replace(RUN, target=replace(TARGET, versions={**TARGET.versions, **versions}))


def test_it_says_what_figures_depend_on() -> None:
    target = Target(
        "0.9.1",
        TARGET.python,
        {
            "cachekit": "0.9.1",
            "cachekit_state": "editable, modified",
            "python": "3.11.7",
            "implementation": "CPython",
            "pyarrow": "26.0.1",
            "platform": "Linux-6.1-x86_64",
            "libc": "glibc 2.36",
            "httpx": "0.28.1",
        },
    )
    assert fingerprint_of(replace(RUN, target=target)).parts == {
        "cachekit": "0.9.1 (editable, modified)",
        "python": "3.11.7 CPython",
        "pyarrow": "26.0.1",
        "system": "Linux-6.1-x86_64",
        "libc": "glibc 2.36",
        "allocators": "pinned",
        "instruments": ", ".join(OPTIONS.instruments),
    }


def test_when_and_what_was_measured_makes_no_difference() -> None:
    other = replace(RUN, created="2027-01-01T00:00:00+00:00", scenarios=())
    assert fingerprint_of(other) == fingerprint_of(RUN)
    assert fingerprint_of(with_versions(httpx="9")) == fingerprint_of(RUN)


@pytest.mark.parametrize(
    "other",
    [
        *(
            with_versions(**{name: "0.0.1"})
            for name in ("cachekit", "python", "pandas", "memray", "platform")
        ),
        with_versions(cachekit_state="modified"),
        with_versions(modified="memray"),
        replace(RUN, options=replace(OPTIONS, instruments=("rss",))),
        replace(RUN, options=replace(OPTIONS, as_deployed=True)),
        replace(RUN, options=replace(OPTIONS, as_deployed=True, kept_environment={"MALLOC_ARENA_MAX": "2"})),
    ],
)
def test_whatever_else_differs_makes_another_one(other: Run) -> None:
    here, there = fingerprint_of(RUN), fingerprint_of(other)
    assert here.digest != there.digest
    assert len(here.differences(there)) == 1
    assert here.differences(here) == {}


def test_a_part_that_is_not_known_differs_from_one_that_is() -> None:
    known, unknown = Fingerprint.of({"numpy": "2.0"}), Fingerprint.of({})
    assert known.differences(unknown) == {"numpy": ("2.0", None)}
    assert unknown.differences(known) == {"numpy": (None, "2.0")}


def test_the_digest_depends_on_no_order_and_stays_the_same() -> None:
    assert Fingerprint.of({"a": "1", "b": "2"}).digest == Fingerprint.of({"b": "2", "a": "1"}).digest
    assert Fingerprint.of({"python": "3.11.7"}).digest == "848cb20b96de"
