"""The entry point of a measured process: ``python child.py TASK_FILE READ_FD WRITE_FD``.

Run by path under the target's interpreter, where cachekit-memprobe is not installed, so it makes its
own package importable without putting anything else of the tool's environment on ``sys.path``.
"""

import ctypes
import importlib.util
import os
import signal
import sys
import traceback
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_THP_DISABLE = 41


def _expose_package() -> None:
    """Make ``cachekit_memprobe`` importable from the folder that this file lies in, and nothing else."""
    package = Path(__file__).resolve().parent.parent
    script_folder = str(Path(__file__).resolve().parent)
    sys.path[:] = [entry for entry in sys.path if os.path.realpath(entry or ".") != script_folder]
    spec = importlib.util.spec_from_file_location(
        "cachekit_memprobe", package / "__init__.py", submodule_search_locations=[str(package)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"no package in {package}")
    module = importlib.util.module_from_spec(spec)
    sys.modules["cachekit_memprobe"] = module
    spec.loader.exec_module(module)


def _tie_to_supervisor() -> None:
    """Die with the supervisor, however it ends. Linux only; elsewhere the closed channel does it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _refuse_huge_pages() -> None:
    """Transparent huge pages would round what the kernel counts up to 2 MiB, at its own moment."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_THP_DISABLE, 1, 0, 0, 0)


def main(task_file: str, read_fd: int, write_fd: int) -> int:
    """Do the task, and answer with one result or one failure on the channel."""
    _tie_to_supervisor()
    _expose_package()
    from cachekit_memprobe.replay import wire
    from cachekit_memprobe.replay.proof import CannotMeasure

    channel = wire.Channel(read_fd, write_fd)
    try:
        task = wire.decode_task(Path(task_file).read_text(encoding="utf-8"))
        if task.pinned:
            _refuse_huge_pages()
        if task.operation == wire.SIZE:
            from cachekit_memprobe.replay.workload import contents, files

            channel.result({"logical_bytes": contents.logical_bytes(files.load(task.value["file"]))})
        elif task.operation == wire.STORE:
            from cachekit_memprobe.replay.workload.store import store

            channel.result(store(task))
        else:
            from cachekit_memprobe.replay.probes import run_probe

            channel.result(run_probe(task, channel))
    except CannotMeasure as reason:
        channel.failure(str(reason))
    except Exception as error:
        traceback.print_exc()
        channel.failure(f"{type(error).__name__}: {error}")
    return 0


if __name__ == "__main__":
    _status = main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
    sys.stdout.flush()
    sys.stderr.flush()
    # Interpreter shutdown would free the payload piece by piece and join the target's threads.
    os._exit(_status)
