"""By which name another process finds a function, and which it can't find."""

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from cachekit_memprobe.testing.functions import NotNamed, call_here, name_of, named_call

MODULE = """
import functools

def plain(day, region="eu"):
    return day

@functools.lru_cache
def wrapped(day):
    return day

class Orders:
    @staticmethod
    def load(day):
        return day

    def of(self, day):
        return day

def make():
    def inner(day):
        return day
    return inner

inner = make()
short = lambda day: day
other = functools.partial(plain, 1)
"""


@pytest.fixture
def orders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    package = tmp_path / "own" / "shop_of_tests"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "orders.py").write_text(MODULE)
    monkeypatch.syspath_prepend(package.parent)
    for name in ("shop_of_tests", "shop_of_tests.orders"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    __import__("shop_of_tests.orders")
    return sys.modules["shop_of_tests.orders"]


def test_a_function_is_named_by_its_module_from_its_root(orders: ModuleType, tmp_path: Path) -> None:
    call = named_call(orders.plain, ["2026-11-24"], {"region": "us"})
    assert call.function == "shop_of_tests.orders:plain"
    assert (call.args, call.kwargs) == (("2026-11-24",), {"region": "us"})
    assert call.root == str(Path.cwd())
    assert call.paths[0] == str(tmp_path / "own")
    assert not call.here
    assert not any("site-packages" in folder for folder in call.paths)
    assert named_call(orders.wrapped, [1], {}).function == "shop_of_tests.orders:wrapped"
    assert named_call(orders.Orders.load, [1], {}).function == "shop_of_tests.orders:Orders.load"


def test_a_module_of_that_name_where_the_session_was_started_takes_no_place(
    orders: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shop_of_tests").mkdir()
    monkeypatch.chdir(tmp_path)
    assert named_call(orders.plain, [1], {}).root == str(tmp_path / "own")


NAMELESS: dict[str, tuple[Callable[[ModuleType], Any], str]] = {
    "closure": (lambda module: module.inner, "it is defined inside of a function"),
    "lambda": (lambda module: module.short, "it is a lambda"),
    "method": (lambda module: module.Orders().of, "it is the method of an object"),
    "partial": (lambda module: module.other, "it is in no module that can be imported"),
    "replaced": (
        lambda module: functools.wraps(module.plain)(lambda day: day),
        "shop_of_tests.orders:plain is another object",
    ),
}


@pytest.mark.parametrize("kind", NAMELESS)
def test_what_no_name_leads_to_is_only_here(orders: ModuleType, kind: str) -> None:
    function_of, reason = NAMELESS[kind]
    with pytest.raises(NotNamed, match=f"^{reason}$"):
        named_call(function_of(orders), [], {})
    call = call_here(function_of(orders))
    assert call.here
    assert call.function.partition(":")[2] == name_of(function_of(orders))


@pytest.mark.parametrize("argument", [(1, 2), {1: 2}, b"x", float("nan"), object(), True + 1j, "\udcff"])
def test_arguments_that_json_would_change_stay_here(orders: ModuleType, argument: Any) -> None:
    with pytest.raises(NotNamed, match=r"^its arguments can't be written as JSON$"):
        named_call(orders.plain, [argument], {})
    with pytest.raises(NotNamed):
        named_call(orders.plain, [], {"day": [argument]})


def test_a_module_that_lies_elsewhere_than_its_name_says_is_not_named(
    orders: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orders, "__file__", "/somewhere/else.py")
    with pytest.raises(NotNamed, match="can't be found by that name"):
        named_call(orders.plain, [], {})
