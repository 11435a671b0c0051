"""Children that are small scripts: what they say, how they end, and that nothing of them stays."""

import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import pytest

from cachekit_memprobe.child import wire
from cachekit_memprobe.child.task import READ, Caching, Read, Task, Value, decode_task
from cachekit_memprobe.errors import CouldNotMeasure
from cachekit_memprobe.replay.conversation import OnBarrier
from cachekit_memprobe.replay.supervisor import Cancelled, Launch, Supervisor

pytestmark = pytest.mark.process

# What the supervisor calls: PYTHON -s CHILD READ_FD WRITE_FD.
_HEAD = """
import os, signal, subprocess, sys, time
read, write = int(sys.argv[3]), int(sys.argv[4])
def say(line): os.write(write, line.encode() + b"\\n")
def leave(file, text): open(file, "w").write(str(text))
leave("pid", os.getpid())
print("last words", file=sys.stderr, flush=True)
"""
_SAY = f"""say('{{"version": {wire.VERSION}, %s}}')"""
_RESULT = _SAY % '"type": "result", "data": {"answer": 42}'
_LONG = f"""say('{{"version": {wire.VERSION}, "type": "%s", %s' + %s + '%s}}')"""
_TAKES_TASK = "os.read(read, 65536)"
_BARRIER = _SAY % '"type": "barrier", "name": "here"'
_PREPARED = _SAY % f'"type": "barrier", "name": "{wire.PREPARED}"'
_SLEEPER = 'subprocess.Popen(["sleep", "3600"], close_fds=False)'

_TASK = Task(
    READ,
    Value("bytes", 1, 1, 0),
    Caching("auto", "none", "file", encryption=False, l1=True),
    Read("l1", "memory"),
    "/scratch/x",
)


@dataclass(frozen=True)
class Answer:
    """What these children answer with."""

    answer: int


Run = Callable[..., Answer]


@pytest.fixture
def launch(tmp_path: Path) -> Callable[..., Launch]:
    def made(script: str, timeout_s: float = 30.0) -> Launch:
        program, python = tmp_path / "program.py", tmp_path / "python"
        program.write_text(_HEAD + script)
        python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I -S "{program}" "$@"\n')
        python.chmod(0o755)
        environment = {"PATH": os.environ["PATH"], "WORD": "kept"}
        return Launch(python, _TASK, environment, tmp_path / "child", timeout_s)

    return made


@pytest.fixture
def run(launch: Callable[..., Launch]) -> Run:
    def ran(script: str, on_barrier: OnBarrier | None = None, timeout_s: float = 30.0) -> Answer:
        return Supervisor().run(launch(script, timeout_s), Answer, on_barrier)

    return ran


class TestAChild:
    def test_answers_with_its_result(self, run: Run) -> None:
        assert run(_RESULT) == Answer(42)

    def test_has_its_task_its_environment_and_its_folder(self, run: Run, tmp_path: Path) -> None:
        names = 'leave("environment", sorted(os.environ))'
        run(f'leave("seen", os.read(read, 65536).decode()); {names}; {_RESULT}')
        child = tmp_path / "child"
        assert decode_task((child / "seen").read_text()) == _TASK
        environment = (child / "environment").read_text()
        assert "WORD" in environment
        assert "HOME" not in environment

    def test_waits_at_barriers_for_the_supervisor_to_look(self, run: Run, tmp_path: Path) -> None:
        met: list[tuple[str, bool]] = []
        run(
            f"""{_TAKES_TASK}; {_BARRIER}; leave("word", os.read(read, 1)); {_RESULT}""",
            lambda name, pid: met.append((name, psutil.pid_exists(pid))),
        )
        assert met == [("here", True)]
        assert (tmp_path / "child" / "word").read_text() == repr(b"\n")

    def test_may_print_what_it_likes(self, run: Run) -> None:
        words = f"""print('{{"version": {wire.VERSION}, "type": "failure"}}', flush=True)"""
        assert run(f"{words}; {_RESULT}") == Answer(42)

    def test_that_ends_well_is_ended_nevertheless_with_all_it_has_started(
        self, run: Run, tmp_path: Path
    ) -> None:
        run(f'leave("sleeper", {_SLEEPER}.pid); {_RESULT}; time.sleep(3600)')
        assert not _runs(int((tmp_path / "child" / "sleeper").read_text()))
        assert not _runs(int((tmp_path / "child" / "pid").read_text()))


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("sys.exit(5)", "ended with status 5 and without a result"),
        (
            "os.kill(os.getpid(), 9)",
            "was killed (SIGKILL), most likely by the kernel because memory ran out",
        ),
        ("os.kill(os.getpid(), 11)", "was killed by signal 11"),
        ("os.kill(os.getpid(), 40)", "was killed by signal 40"),
        (f"{_SLEEPER}; os._exit(5)", "ended with status 5 and without a result"),
        ("say('nonsense')", "sent garbage instead of a message: b'nonsense'"),
        ("say('[1]')", "sent garbage instead of a message"),
        ("""say('{"version": 0, "type": "result", "data": {}}')""", "sent garbage instead of a message"),
        (_SAY % '"data": {}', "sent garbage instead of a message"),
        (_SAY % '"type": "lunch"', "message of unknown type 'lunch'"),
        (_SAY % '"type": "result", "data": 7', "message of unknown type 'result'"),
        (_SAY % '"type": "result", "data": {}', "an answer that can't be used: answer: Field required"),
        (_SAY % '"type": "result", "data": {"answer": "42"}', "an answer that can't be used: answer: "),
        (_SAY % '"type": "failure", "reason": "no luck"', "no luck"),
        ("os.write(write, b'half')", "ended with status 0 and without a result"),
        ("while True: print('last words' * 999)", "printed more than 64 MiB"),
        ("say('[' * 200_000)", "sent garbage instead of a message: b'[[["),
        (_SAY % '"type": "result", "data": {"answer": NaN}', "sent garbage instead of a message"),
        (_SAY % '"type": "result", "data": {"answer": 1e999}', "sent garbage instead of a message"),
        (_SAY % f'"type": "result", "data": {{"answer": {2**63}}}', "sent garbage instead of a message"),
        (
            _LONG % ("result", '"data": {"answer": ', "'1' * 100_000", "}"),
            "sent garbage instead of a message",
        ),
        (_SAY % '"type": "failure", "reason": ["no luck"]', "message of unknown type 'failure'"),
        (_SAY % '"type": {}', "message of unknown type 'dict'"),
        (_BARRIER, "stopped at 'here', where none is due"),
        (_PREPARED, "stopped at 'prepared', where none is due"),
        (_SAY % '"type": "barrier", "name": [1]', "stopped at 'list', where none is due"),
        ("os.write(write, b'x' * (20 << 20))", "a line of more than 16 MiB"),
    ],
)
def test_whatever_else_a_child_does_is_the_reason(script: str, reason: str, run: Run, tmp_path: Path) -> None:
    with pytest.raises(CouldNotMeasure) as caught:
        run(script)
    assert reason in str(caught.value)
    assert "last words" in str(caught.value)
    assert not _runs(int((tmp_path / "child" / "pid").read_text()))


def test_a_child_that_hangs_has_its_time(run: Run, tmp_path: Path) -> None:
    with pytest.raises(CouldNotMeasure, match=r"did not finish within 2 s; see --timeout"):
        run("time.sleep(3600)", timeout_s=2)
    assert not _runs(int((tmp_path / "child" / "pid").read_text()))


@pytest.mark.parametrize(
    "script",
    [
        f"while True: {_BARRIER}",
        "os.kill(os.getpid(), signal.SIGSTOP)",
        "os.close(read); os.close(write); os.close(1); os.close(2); os.kill(os.getpid(), signal.SIGSTOP)",
    ],
    ids=["floods the supervisor with barriers", "stops itself", "closes all it has"],
)
def test_a_child_has_its_time_whatever_it_does_with_it(
    script: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cachekit_memprobe.replay.conversation._LAST_BREATH_S", 0.1)
    with pytest.raises(CouldNotMeasure, match=r"did not finish within 1 s|closed its channel"):
        run(script, lambda _name, _pid: time.sleep(0.02), timeout_s=1)
    assert not _runs(int((tmp_path / "child" / "pid").read_text()))


def test_a_child_that_does_not_listen_has_its_time(launch: Callable[..., Launch]) -> None:
    """Its task is larger than what a pipe takes."""
    long = replace(_TASK, workspace="x" * (1 << 20))
    with pytest.raises(CouldNotMeasure, match="did not finish within 1 s"):
        Supervisor().run(replace(launch("time.sleep(3600)", 1), task=long), Answer)


def test_a_long_message_is_read_in_the_time_that_it_takes(run: Run) -> None:
    with pytest.raises(CouldNotMeasure, match="nonono") as caught:
        run(_LONG % ("failure", '"reason": "', "'no' * (5 << 20)", '"'))
    assert len(str(caught.value)) < 10_000


def test_a_child_that_closed_its_channel_but_lives_is_ended(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cachekit_memprobe.replay.conversation._LAST_BREATH_S", 0.1)
    with pytest.raises(CouldNotMeasure, match="closed its channel without a result"):
        run("os.close(write); time.sleep(3600)")
    assert not _runs(int((tmp_path / "child" / "pid").read_text()))


def test_only_the_last_of_many_words_are_told(run: Run) -> None:
    with pytest.raises(CouldNotMeasure) as caught:
        run("print(*(f'line {number}' for number in range(9001)), sep=chr(10)); sys.exit(1)")
    lines = [line.strip() for line in str(caught.value).splitlines()]
    assert lines[1] == "the last it printed:"
    assert lines[-1] == "line 9000"
    assert len(lines) < 30


class TestAChildThatPreparesForATask:
    """It is told the task when that is known."""

    SCRIPT = f"""{_TAKES_TASK}; {_PREPARED}; leave("told", os.read(read, 65536).decode()); {_RESULT}"""

    def test_gets_it_at_a_barrier(self, launch: Callable[..., Launch], tmp_path: Path) -> None:
        told = replace(_TASK, reads=7)
        met: list[str] = []
        answer = Supervisor().run(
            replace(launch(self.SCRIPT), later=lambda: told), Answer, lambda name, _pid: met.append(name)
        )
        assert answer == Answer(42)
        word, task = (tmp_path / "child" / "told").read_text().split("\n", maxsplit=1)
        assert (word, decode_task(task)) == ("", told)
        assert met == []

    def test_has_its_time_from_then_on(self, launch: Callable[..., Launch]) -> None:
        def later() -> Task:
            time.sleep(1.2)
            return _TASK

        assert Supervisor().run(replace(launch(self.SCRIPT, 1), later=later), Answer) == Answer(42)

    def test_is_ended_if_there_is_none(self, launch: Callable[..., Launch], tmp_path: Path) -> None:
        def later() -> Task:
            raise CouldNotMeasure("nothing was stored")

        with pytest.raises(CouldNotMeasure, match="nothing was stored"):
            Supervisor().run(replace(launch(self.SCRIPT), later=later), Answer)
        assert not _runs(int((tmp_path / "child" / "pid").read_text()))

    def test_that_dies_before_is_told_as_any(self, launch: Callable[..., Launch]) -> None:
        with pytest.raises(CouldNotMeasure, match="ended with status 5 and without a result"):
            Supervisor().run(replace(launch("sys.exit(5)"), later=lambda: _TASK), Answer)


def test_an_interpreter_that_is_not_there_is_the_reason(launch: Callable[..., Launch]) -> None:
    made = launch("")
    made.python.unlink()
    with pytest.raises(CouldNotMeasure, match="the target's interpreter can't be started"):
        Supervisor().run(made, Answer)


class TestARunThatIsCancelled:
    def test_ends_the_child_that_runs(self, launch: Callable[..., Launch], tmp_path: Path) -> None:
        supervisor, pid_file = Supervisor(), tmp_path / "child" / "pid"

        def cancel() -> None:
            _wait_for(pid_file)
            supervisor.cancel()

        canceller = threading.Thread(target=cancel)
        canceller.start()
        with pytest.raises(Cancelled):
            supervisor.run(launch("time.sleep(3600)"), Answer)
        canceller.join()
        assert not _runs(int(pid_file.read_text()))

    def test_starts_no_further_child(self, launch: Callable[..., Launch], tmp_path: Path) -> None:
        supervisor = Supervisor()
        supervisor.cancel()
        with pytest.raises(Cancelled):
            supervisor.run(launch(""), Answer)
        assert not (tmp_path / "child" / "pid").exists()


def test_no_descriptor_stays_open(run: Run) -> None:
    run(_RESULT)
    before = psutil.Process().num_fds()
    run(_RESULT)
    with pytest.raises(CouldNotMeasure):
        run("sys.exit(1)")
    assert psutil.Process().num_fds() == before


def _wait_for(file: Path) -> None:
    while not file.exists() or not file.read_text():
        time.sleep(0.01)


def _runs(pid: int) -> bool:
    try:
        process = psutil.Process(pid)
        # What isn't our own child is buried by whoever adopts it, in its own time.
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
