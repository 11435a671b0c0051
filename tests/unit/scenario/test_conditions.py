from dataclasses import replace

import pytest
from packaging.specifiers import SpecifierSet

from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.model import Limit
from cachekit_memprobe.scenario import limits_for, load_bundled, why_not
from cachekit_memprobe.scenario.conditions import parse_condition, parse_specifier

OBJECTS = Limit("rss.peak", 4.4, None, "error", "pandas<3")
OLD = Limit("rss.peak", 2.4, None, "error", "cachekit<0.10")
ANY = Limit("rss.peak", 0.4, None, "error")
OTHER = Limit("copies.total", 1.0, None, "warn")


@pytest.mark.parametrize(
    ("versions", "limits"),
    [
        ({"pandas": "2.3.3", "cachekit": "0.24.1"}, (OBJECTS, OTHER)),
        ({"pandas": "2.3.3", "cachekit": "0.9.1"}, (OBJECTS, OTHER)),
        ({"pandas": "3.1.1", "cachekit": "0.9.1"}, (OLD, OTHER)),
        ({"pandas": "3.1.1", "cachekit": "0.10.0"}, (ANY, OTHER)),
        ({"pandas": "3.0.0rc1", "cachekit": "0.10.0rc1"}, (ANY, OTHER)),
        ({"cachekit": "0.24.1"}, (ANY, OTHER)),
    ],
)
def test_of_each_metric_the_first_limit_holds_whose_condition_is_met(
    versions: dict[str, str], limits: tuple[Limit, ...]
) -> None:
    assert limits_for((OBJECTS, OLD, ANY, OTHER), versions) == limits


def test_a_metric_without_a_limit_for_the_target_has_none() -> None:
    assert limits_for((OBJECTS,), {"pandas": "3.1.1"}) == ()


@pytest.mark.parametrize(("python", "holds"), [("3.10.13", True), ("3.11.0", False), ("3.13.0+", False)])
def test_an_interpreter_is_a_condition_too(python: str, holds: bool) -> None:
    limit = Limit("rss.peak", 1.0, None, "error", "python<3.11")
    assert limits_for((limit,), {"python": python}) == ((limit,) if holds else ())


def test_a_version_that_is_none_can_not_be_judged() -> None:
    with pytest.raises(CouldNotMeasure, match="pandas<3 holds: pandas's version 'main' can't be compared"):
        limits_for((OBJECTS,), {"pandas": "main"})


@pytest.mark.parametrize(
    ("releases", "release", "applies"),
    [
        ("", "0.9.1", True),
        ("", "0.25.0rc1", True),
        ("", "not a version", True),
        (">=0.10.0", "0.9.1", False),
        (">=0.10.0", "0.10.0", True),
        (">=0.10.0", "0.24.1", True),
        (">=0.10.0", "0.25.0.dev3", True),
        (">=0.10.0", "0.10.0rc1", False),
        (">=0.10.0", "0.24.1+local.1", True),
        (">=0.10,<0.22", "0.21.9", True),
        (">=0.10,<0.22", "0.22.0", False),
        ("==0.9.*", "0.9.1", True),
        ("!=0.11.0", "0.11.0", False),
    ],
)
def test_releases(releases: str, release: str, applies: bool) -> None:
    assert (why_not(replace(load_bundled("arrow-l1-hit"), releases=releases), release) is None) is applies


def test_a_release_that_is_no_version_could_not_be_measured() -> None:
    with pytest.raises(CouldNotMeasure) as caught:
        why_not(load_bundled("arrow-file-mmap"), "main")
    assert str(caught.value) == (
        "can't tell whether arrow-file-mmap (>=0.10.0) applies: cachekit's release 'main' is not a version"
    )


DIGITS = "9" * 5000


def test_versions_of_thousands_of_digits_can_not_be_judged_either() -> None:
    with pytest.raises(CouldNotMeasure, match="is not a version"):
        why_not(load_bundled("arrow-file-mmap"), DIGITS)
    with pytest.raises(CouldNotMeasure, match="can't be compared"):
        limits_for((OBJECTS,), {"pandas": DIGITS})
    assert why_not(load_bundled("arrow-l1-hit"), DIGITS) is None


def test_specifiers_and_conditions_have_a_greatest_length() -> None:
    assert parse_specifier("<1" + ",<1" * 66) == "<1" + ",<1" * 66
    assert str(parse_condition(f"pandas<{'9' * 190}").specifier) == f"<{'9' * 190}"
    with pytest.raises(ValueError, match="at most 200 characters"):
        parse_specifier("<1" + ",<1" * 67)
    with pytest.raises(ValueError, match="at most 200 characters"):
        parse_condition(f"pandas<{DIGITS}")
    assert not SpecifierSet(parse_specifier(f">={'9' * 190}")).contains("1")
