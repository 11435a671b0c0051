"""What is said of a function that can't be imported, called or read."""

from pathlib import Path

import pytest

from cachekit_memprobe.child.errors import CouldNotMeasure
from cachekit_memprobe.child.task import DESCRIBE, Caching, Call, Link, Read, Task, Value
from cachekit_memprobe.child.workload.calls import imported as importing
from cachekit_memprobe.child.workload.calls.imported import for_want_of, imported, told
from cachekit_memprobe.child.workload.calls.refusals import readable


def task_of(function: str, root: Path, setup: str = "") -> Task:
    call = Call(function, setup=setup, root=str(root), paths=(str(root),))
    caching = Caching("", "none", "", encryption=False, l1=True)
    return Task(DESCRIBE, Value("call", 0, 0, 0, call=call), caching, Read("", ""), "", link=Link())


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose modules this process can forget again."""
    import os
    import sys

    (tmp_path / "memprobe_shop").mkdir()
    for name, text in MODULES.items():
        (tmp_path / "memprobe_shop" / f"{name}.py").write_text(text)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    monkeypatch.setattr(sys, "dont_write_bytecode", sys.dont_write_bytecode)
    monkeypatch.setattr(os, "environ", dict(os.environ))
    monkeypatch.chdir(tmp_path)
    return tmp_path


MODULES = {
    "__init__": "",
    "orders": "def load(): return 1\ndef prepare(): raise OSError('no database')\n",
    "syntax": "def f(:\n",
    "lacking": "import memprobe_no_such_thing\n",
    "leaving": "import sys\nsys.exit(4)\n",
    "setting": "import os\nDSN = os.environ['SHOP_DSN']\n",
    "failing": "1 / 0\n",
}


def test_a_function_is_imported_from_the_project(project: Path) -> None:
    assert imported(task_of("memprobe_shop.orders:load", project))() == 1
    assert not list(project.rglob("*.pyc"))


@pytest.mark.parametrize(
    ("function", "setup", "message"),
    [
        ("memprobe_shop.orders:loda", "", "memprobe_shop.orders has no loda; did you mean load?"),
        ("memprobe_shop.syntax:load", "", "syntax.py, line 1, is no valid Python: "),
        (
            "memprobe_shop.lacking:load",
            "",
            "it needs memprobe_no_such_thing, which the target's environment lacks; install it there, or add "
            "it with --with",
        ),
        ("memprobe_shop.leaving:load", "", "memprobe_shop.leaving raised SystemExit: 4. If it is for want"),
        ("memprobe_shop.setting:load", "", "raised KeyError: 'SHOP_DSN'. If it is for want of a setting: "),
        ("memprobe_shop.failing:load", "", "raised ZeroDivisionError: division by zero"),
        (
            "memprobe_shop.missing:load",
            "",
            "there is no module memprobe_shop.missing; looked in these folders, seen from the project's: ., "
            "and in the target's environment",
        ),
        ("memprobe_nowhere.a:load", "", "no module memprobe_nowhere, of which memprobe_nowhere.a is to be"),
        (
            "memprobe_shop.orders:load",
            "memprobe_shop.orders:prepare",
            "the setup memprobe_shop.orders:prepare failed: OSError: no database",
        ),
    ],
)
def test_why_it_can_not_be_imported(project: Path, function: str, setup: str, message: str) -> None:
    with pytest.raises(CouldNotMeasure) as refused:
        imported(task_of(function, project, setup))
    assert message in str(refused.value)
    assert str(project) not in str(refused.value)


def test_an_error_of_a_missing_variable_has_the_remedy() -> None:
    assert "--env" in for_want_of(KeyError("SHOP_DSN"))
    assert for_want_of(KeyError("day")) == ""


def test_an_error_is_one_line_that_can_be_read() -> None:
    assert told(ValueError("a\n  b")) == "ValueError: a b"
    assert len(told(ValueError("x" * 5000))) < 400
    assert importing.FORM.fullmatch("a.b:C.d")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "BackendError: Value is too large. | operation=set | key=<redacted:0379c9fd> | type=permanent",
            "BackendError: Value is too large",
        ),
        (
            "Failed to store in backend cache for <redacted:549b92a8324547ac>: ValueError",
            "Failed to store in backend cache: ValueError",
        ),
        (
            "Cache operation 'key_generation' failed for key '<generation_failed>': TypeError",
            "Cache operation 'key_generation' failed: TypeError",
        ),
        ("a\n b.", "a b"),
    ],
)
def test_what_cachekit_says_is_shown_without_redacted_keys(text: str, words: str) -> None:
    assert readable(text) == words
