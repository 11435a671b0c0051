"""Scenarios that call the user's own function: what such a file says, and whose code it is."""

from pathlib import Path

import pytest

from cachekit_memprobe.child.task import Call
from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.scenario import (
    call_scenario,
    check_function,
    expand,
    load_scenario,
    parse_argument,
    parse_axis,
    parse_sizes,
    project_root,
    select,
)
from tests.unit.scenario.conftest import ErrorsOf, WriteFile

SMALLEST = '[value]\ncall = "shop.orders:load_orders"\n'
WHOLE = """\
summary = "The orders of a day"
releases = ">=0.9"
[value]
kind = "call"
call = "shop.orders:Orders.load"
args = ["2026-11-24", -5, 1e300, [true, {}]]
kwargs = { region = "eu" }
setup = "shop.testing:prepare"
backend_override = "redis"
[read]
tier = "l2"
readers = 8
[env]
CACHEKIT_ARROW_COMPRESSION = "zstd"
[budget]
rss.peak = "2x"
"""


def test_a_function_is_all_that_a_file_has_to_name(write: WriteFile) -> None:
    scenario = load_scenario(write(SMALLEST, "orders.toml"))
    assert scenario.value.call is not None
    assert scenario.value.call.function == "shop.orders:load_orders"
    assert scenario.summary == "shop.orders:load_orders()"
    assert (scenario.read.tier, scenario.read.route, scenario.budget) == ("", "", ())


def test_every_key_is_read(write: WriteFile) -> None:
    scenario = load_scenario(write(WHOLE))
    call = scenario.value.call
    assert call is not None
    assert (call.function, call.args) == ("shop.orders:Orders.load", ("2026-11-24", -5, 1e300, [True, {}]))
    assert (call.kwargs, call.setup, call.backend) == ({"region": "eu"}, "shop.testing:prepare", "redis")
    assert (scenario.summary, scenario.releases, scenario.read.readers) == (
        "The orders of a day",
        ">=0.9",
        8,
    )
    assert scenario.environment == {"CACHEKIT_ARROW_COMPRESSION": "zstd"}
    assert [limit.metric for limit in scenario.budget] == ["rss.peak"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[value]\ncall = "load"\n', 'a function as "module:function"'),
        ("[value]\ncall = 3\n", 'a function as "module:function"'),
        (f"{SMALLEST}argz = [1]\n", "did you mean args or kwargs?"),
        (f"{SMALLEST}args = 3\n", "an array of values that JSON has"),
        (f"{SMALLEST}args = [2026-11-24]\n", "an array of values that JSON has"),
        (f"{SMALLEST}args = [nan]\n", "an array of values that JSON has"),
        (f'{SMALLEST}args = ["{"x" * 5000}"]\n', "an array of values that JSON has"),
        (f'{SMALLEST}size = "8MiB"\n', "one of the keys kind, call, args"),
        (f"{SMALLEST}[cache]\nl1 = true\n", "remove it: how the value is cached is in the code"),
        (f'{SMALLEST}[read]\nroute = "map"\n', "route"),
        (f"{SMALLEST}[read]\nreaders = 65\n", "an integer from 1 to 64"),
        (f'{SMALLEST}backend_override = "memcached"\n', '"file"'),
        (f'{SMALLEST}[env]\nMY_TOKEN = "x"\n', "looks like a secret"),
        (f'{SMALLEST}[env]\nCACHEKIT_REDIS_URL = "x"\n', "name your server with --redis-url"),
    ],
)
def test_what_is_wrong_is_said_with_the_key(errors_of: ErrorsOf, text: str, message: str) -> None:
    (line,) = errors_of(text)
    assert line.startswith("my.toml: ")
    assert message in line


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("shop.orders:<lambda>", "is a lambda or lies inside of another function"),
        ("shop.orders:make.<locals>.load", "is a lambda or lies inside of another function"),
        ("shop.orders.load_orders", "write shop.orders:load_orders"),
        ("load_orders", "write it like shop.orders:load_orders"),
        ("shop/orders.py:load", "is not MODULE:FUNCTION"),
        ("shop.orders:load()", "is not MODULE:FUNCTION"),
        ("", "is not MODULE:FUNCTION"),
    ],
)
def test_a_function_that_has_no_such_name(name: str, message: str) -> None:
    with pytest.raises(ValueError, match=r"is not MODULE|lambda") as refused:
        check_function(name)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-11-24", "2026-11-24"),
        ("7", 7),
        ('"7"', "7"),
        ("[1, null]", [1, None]),
        ("true", True),
        ("NaN", "NaN"),
        ("Infinity", "Infinity"),
        ("", ""),
        ("{", "{"),
    ],
)
def test_an_argument_is_json_or_the_text_itself(text: str, value: object) -> None:
    assert parse_argument(text) == value


def test_arguments_that_are_none_of_json_are_refused() -> None:
    with pytest.raises(UsageError, match="expected arguments that JSON has"):
        call_scenario(Call("shop:load", args=(object(),)))
    with pytest.raises(UsageError, match="expected arguments that JSON has"):
        call_scenario(Call("shop:load", kwargs={"x": float("nan")}))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a folder of checks, in which the user stands."""
    root = tmp_path / "shop"
    for folder in ("checks", "src"):
        (root / folder).mkdir(parents=True)
    (root / "pyproject.toml").touch()
    (root / "checks/orders.toml").write_text(SMALLEST)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/orders.toml").write_text(SMALLEST)
    monkeypatch.chdir(root)
    return root


def test_code_is_imported_from_where_a_program_would(project: Path) -> None:
    call = load_scenario(Path("checks/orders.toml")).value.call
    assert call is not None
    assert call.root == str(project)
    assert call.paths == (str(project / "checks"), str(project), str(project / "src"))
    named = call_scenario(Call("shop.orders:load")).value.call
    assert named is not None
    assert (named.root, named.paths) == (str(project), (str(project), str(project / "src")))
    assert project_root(project / "checks") == project


def test_a_file_of_the_project_is_consent(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    select(["checks/orders.toml"])
    monkeypatch.chdir(project / "checks")
    select(["./orders.toml"])


def test_a_file_of_somebody_elses_is_not(project: Path) -> None:
    foreign = "../elsewhere/orders.toml"
    with pytest.raises(UsageError, match=r"names code to run, shop\.orders:load_orders, and lies outside"):
        select([foreign])
    select([foreign], allow_code=True)
    Path("linked").symlink_to("../elsewhere")
    with pytest.raises(UsageError, match="give --allow-code if you trust it"):
        select(["linked/orders.toml"])


def test_what_the_code_decides_can_not_be_asked_for() -> None:
    scenario = call_scenario(Call("shop.orders:load"))
    with pytest.raises(UsageError, match="--size: load calls a function, which decides on the size itself"):
        expand([scenario], sizes=parse_sizes("8MiB"))
    with pytest.raises(UsageError, match="--matrix: how the value of load is cached is in its code"):
        expand([scenario], axes=[parse_axis("tier=l1,l2")])
