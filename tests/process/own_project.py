"""A project of a user's: functions that cachekit has decorated, in a module that notes each import."""

from pathlib import Path

from cachekit_memprobe.child.task import Call
from cachekit_memprobe.model import Scenario
from cachekit_memprobe.scenario import call_scenario

_MODULE = """
import functools, os, sys
from pathlib import Path
from cachekit import cache
from cachekit.backends.file import FileBackend
from cachekit.backends.file.config import FileBackendConfig
from cachekit.backends.redis import RedisBackend
from cachekit.config.nested import L1CacheConfig
from cachekit.serializers.arrow_serializer import ArrowSerializer
from cachekit_memprobe.child.workload import values

HERE = Path(__file__).parent
with open(HERE / "imported", "a") as marks:
    marks.write("x")
print('{{"kind": "result"}}')
os.environ["CACHEKIT_REDIS_URL"] = {url!r}

PLAIN = ArrowSerializer(compression="none")
ON, OFF = L1CacheConfig(enabled=True, max_size_mb=512), L1CacheConfig(enabled=False)
SMALL = L1CacheConfig(enabled=True, max_size_mb=1)
FILE = FileBackend(FileBackendConfig(cache_dir=str(HERE / "own-cache")))
REDIS = RedisBackend({url!r})
on_file = functools.partial(cache, backend=FILE, ttl=3600)
on_redis = functools.partial(cache, backend=REDIS, ttl=3600)


def frame(size_bytes={size_bytes}):
    return values.make("dataframe", size_bytes=size_bytes, seed=1, columns=8, file="", share=1.0)


@on_redis(serializer=PLAIN, l1=ON, namespace="hit")
def hit():
    return frame()


@on_file(serializer="arrow", l1=OFF, namespace="mapped")
def mapped():
    return frame()


@on_file(serializer="auto", l1=OFF, namespace="got", key=lambda: "got")
def got():
    return frame()


@on_redis(serializer=PLAIN, l1=OFF, namespace="received")
def received():
    return frame()


@on_redis(serializer="auto", l1=OFF, namespace="auto")
def received_by_auto():
    return frame()


@on_redis(serializer=PLAIN, l1=ON, namespace="awaited")
async def awaited():
    return frame()


@cache(backend=None)
def by_reference():
    return frame()


def keeping_a_copy(function):
    def call():
        value = function()
        call.kept = [column.to_numpy().copy() for _, column in value.items()]
        return value
    return call


@keeping_a_copy
@on_file(serializer="arrow", l1=OFF, namespace="copied")
def copied():
    return frame()


@cache(backend=RedisBackend(), ttl=3600, l1=OFF, namespace="environment")
def by_environment():
    return b"x" * (2 << 20)


@cache(ttl=3600, namespace="unnamed")
def unnamed():
    return b"x" * (2 << 20)


@on_file(l1=OFF, namespace="nested")
def nested():
    return [len(hit()), len(mapped()), len(by_environment()), len(unnamed()), "x" * (2 << 20)]


@on_file(l1=OFF, namespace="chance")
def chance():
    return os.urandom(2 << 20)


@on_file(l1=SMALL, namespace="large")
def large():
    return os.urandom(2 << 20)


@on_file(l1=OFF, namespace="refused")
def refused():
    return {{"order": object(), "pad": b"x" * (2 << 20)}}


@on_file(l1=OFF, namespace="leaving")
def leaving():
    sys.exit(3)
"""
SIZE_MIB = 4


class OwnProject:
    """The project in a folder of its own.

    Args:
        url: of the Redis server that its code configures.
    """

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        (folder / "pyproject.toml").touch()
        text = _MODULE.format(url=url, size_bytes=SIZE_MIB << 20)
        (folder / "orders.py").write_text(text, encoding="utf-8")

    def scenario(self, function: str, *, name: str = "", tier: str = "", readers: int = 1) -> Scenario:
        folder = str(self.folder)
        call = Call(f"orders:{function}", root=folder, paths=(folder,))
        made = call_scenario(call, name=name or function, tier=tier, readers=readers)
        return made

    @property
    def imports(self) -> int:
        """How often its module was imported."""
        marks = self.folder / "imported"
        return len(marks.read_text()) if marks.exists() else 0

    @property
    def is_untouched(self) -> bool:
        """Nothing was written into it but the marks of its imports."""
        return {path.name for path in self.folder.iterdir()} <= {"pyproject.toml", "orders.py", "imported"}

    def line_of(self, text: str) -> int:
        """The number of the only line of its module that has the text."""
        lines = (self.folder / "orders.py").read_text(encoding="utf-8").splitlines()
        (number,) = (number for number, line in enumerate(lines, 1) if text in line)
        return number
