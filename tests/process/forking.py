"""Targets for launchers: an interpreter whose pandas runs the data that it is to load, and real ones.

What a launcher imports is put in its way by PYTHONPATH. A task's process loads a CSV file, which here is a
Python script, so that each test says what the process does.
"""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from cachekit_memprobe.child.task import SIZE, Caching, Read, Sized, Task, Value
from cachekit_memprobe.replay.supervisor import Launch, Supervisor

PANDAS = """
import os, subprocess, sys, time

def read_csv(file, **_options):
    names = {"os": os, "subprocess": subprocess, "sys": sys, "time": time, "answer": "x" * 42}
    exec(file.read(), names)
    return names["answer"]
"""
SLEEPER = 'subprocess.Popen(["sleep", "3600"])'
THREAD = "import threading, time; threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()"
DONE = Sized(42, "")

CACHING = Caching("auto", "none", "file", encryption=False, l1=True)
READ_L1 = Read("l1", "memory")


@dataclass
class Playground:
    """A folder with the libraries, and one for each task's process."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def write_libraries(self, **sources: str) -> None:
        """``cachekit``, ``pandas``, ``pyarrow`` as they are to be; nothing in them by default."""
        libraries = self.folder / "libraries"
        libraries.mkdir(exist_ok=True)
        for name, source in {"cachekit": "", "pandas": PANDAS, "pyarrow": "", **sources}.items():
            (libraries / f"{name}.py").write_text(source)
        self.environment["PYTHONPATH"] = str(libraries)

    def launch(
        self, script: str = "", name: str = "child", *, fresh: bool = False, timeout_s: float = 60
    ) -> Launch:
        """A process that runs the script in a folder of its own, of that name."""
        home = self.folder / name
        home.mkdir(exist_ok=True)
        file = home / "script.csv"
        file.write_text(f"{script}\n")
        task = Task(SIZE, Value("file", 0, 1, 0, str(file)), CACHING, READ_L1, str(self.folder))
        own = {"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(home)}
        return Launch(
            Path(sys.executable), task, {**own, **self.environment}, home, timeout_s=timeout_s, fresh=fresh
        )

    def told(self, name: str, child: str = "child") -> str:
        """What a script has written into a file of its folder."""
        return (self.folder / child / name).read_text()


def leave(name: str, expression: str) -> str:
    """A line of a script that writes an expression's value into a file, whole or not at all."""
    return f'open("{name}.new", "w").write(str({expression})); os.rename("{name}.new", "{name}")\n'


def launchers() -> list[psutil.Process]:
    """The launchers that run, youngest last. What they have forked has the same command line."""
    found = [child for child in psutil.Process().children() if "launcher" in _words(child)]
    leaders = [child for child in found if os.getsid(child.pid) == child.pid and not _has_task(child)]
    return sorted(leaders, key=lambda child: (child.create_time(), child.pid))


def _words(process: psutil.Process) -> list[str]:
    try:
        return [] if process.status() == psutil.STATUS_ZOMBIE else process.cmdline()
    except psutil.NoSuchProcess:
        return []


def _has_task(process: psutil.Process) -> bool:
    """Whether it works in a task's folder; a launcher is in one that has only its number."""
    return not Path(process.cwd()).name.isdecimal()


def runs(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def until(reached: Callable[[], Any]) -> Any:
    """The first result that is true."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if result := reached():
            return result
        time.sleep(0.01)
    pytest.fail("it did not come to that")


def sized(supervisor: Supervisor, launch: Launch) -> Sized:
    # What separates the columns of a script, nobody wants to know.
    return replace(supervisor.run(launch, Sized), holds="")
