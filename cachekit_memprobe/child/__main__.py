"""The entry point of a measured process: ``python child READ_FD WRITE_FD``, and of a launcher of such.

``python child names FILE NAME...`` writes which functions of cachekit are not there, as JSON, and
``python child look MOST_BYTES FILE`` prints what a data file is, or what is wrong with it.

Run by path under the target's interpreter, where cachekit-memprobe is not installed, so it makes its
own package importable without putting anything else of the tool's environment on ``sys.path``.
"""

import contextlib
import ctypes
import importlib.util
import json
import os
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_LAUNCHER = "launcher"
_NAMES = "names"
_LOOK = "look"


def _expose_package() -> None:
    """Make ``cachekit_memprobe`` importable from the folder that this file lies in, and nothing else."""
    here = Path(__file__).resolve().parent
    package = here.parent
    sys.path[:] = [entry for entry in sys.path if os.path.realpath(entry or ".") != str(here)]
    spec = importlib.util.spec_from_file_location(
        "cachekit_memprobe", package / "__init__.py", submodule_search_locations=[str(package)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"no package in {package}")
    module = importlib.util.module_from_spec(spec)
    sys.modules["cachekit_memprobe"] = module
    spec.loader.exec_module(module)


def _tie_to_supervisor() -> None:
    """Die with the thread that started this process. Linux only; elsewhere the closed channel does it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def main(arguments: list[str]) -> None:
    """Do one task, or launch processes that do one each."""
    _tie_to_supervisor()
    _expose_package()
    if arguments[0] == _LAUNCHER:
        from cachekit_memprobe.child.launcher import WITHOUT_TARGET, serve

        serve(int(arguments[1]), arguments[3:] if arguments[2:3] == [WITHOUT_TARGET] else None)
    elif arguments[0] == _NAMES:
        from cachekit_memprobe.child.resolve import unresolved

        Path(arguments[1]).write_text(json.dumps(unresolved(arguments[2:])))
    elif arguments[0] == _LOOK:
        from cachekit_memprobe.child import bounded, datafile

        bounded.bound_addresses(int(arguments[1]))
        print(json.dumps(vars(datafile.look(Path(arguments[2])))))
    else:
        from cachekit_memprobe.child.errand import run

        run(int(arguments[0]), int(arguments[1]))


if __name__ == "__main__":
    main(sys.argv[1:])
    # All has been said on the channel; on a full disk nothing can be printed.
    with contextlib.suppress(Exception):
        sys.stdout.flush()
        sys.stderr.flush()
    # Interpreter shutdown would free the payload piece by piece and join the target's threads.
    os._exit(0)
