"""What a user may give the measured processes, and what is recorded of it."""

import pytest

from cachekit_memprobe import variables

REFUSED = {
    "CACHEKIT_MASTER_KEY=x": "looks like a secret",
    "AWS_SECRET_ACCESS_ID=x": "looks like a secret",
    "GITHUB_TOKEN=x": "looks like a secret",
    "DB_PASSWORD=x": "looks like a secret",
    "db_pwd=x": "looks like a secret",
    "CACHE=redis://joe:hunter2@h:1/0": "address with a password",
    "HOME=/root": "a home of its own",
    "PYTHONPATH=/x": "--python",
    "CACHEKIT_REDIS_URL=redis://h": "--redis-url",
    "CACHEKIT_ARROW_COMPRESSION=zstd": "[cache]",
    "1A=x": "not the name",
    "A-B=x": "not the name",
    "=x": "not the name",
    "A=\0": "null character",
    f"A={variables.TO_FILL_IN}": "has to be filled in",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_can_not_be_given(text: str) -> None:
    name, _, value = text.partition("=")
    with pytest.raises(ValueError, match=r".+") as caught:
        variables.check(name, value)
    assert REFUSED[text] in str(caught.value)


@pytest.mark.parametrize("name", ["MALLOC_ARENA_MAX", "OMP_NUM_THREADS", "CACHEKIT_MAX_VALUE_SIZE", "_x"])
def test_what_can_be_given(name: str) -> None:
    variables.check(name, "http://example.org/a@b")


def test_values_are_recorded_of_known_settings_only_and_without_folders() -> None:
    given = {
        "MALLOC_ARENA_MAX": "2",
        "LD_PRELOAD": "/home/joe/lib/libjemalloc.so.2:/opt/x.so libc.so.6",
        "CACHEKIT_L1_MAX_SIZE_MB": "512",
        "CACHEKIT_MEMCACHED_SERVERS": "cache-1:11211",
        "FOO": "hunter2",
    }
    recorded = variables.recorded(given)
    assert recorded == {
        "MALLOC_ARENA_MAX": "2",
        "LD_PRELOAD": "libjemalloc.so.2:x.so libc.so.6",
        "CACHEKIT_L1_MAX_SIZE_MB": "512",
        "CACHEKIT_MEMCACHED_SERVERS": variables.UNRECORDED,
        "FOO": variables.UNRECORDED,
    }
    assert variables.recorded(recorded) == recorded
    assert variables.in_words({"A": variables.UNRECORDED, "B": "1"}) == "A, B=1"


def test_the_deployments_settings_are_those_of_allocators(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ARROW_DEFAULT_MEMORY_POOL", "PYTHONMALLOC", "_RJEM_MALLOC_CONF", "MALLOC_API_KEY", "FOO"):
        monkeypatch.setenv(name, "x")
    kept = variables.allocator_settings()
    assert {"ARROW_DEFAULT_MEMORY_POOL", "PYTHONMALLOC", "_RJEM_MALLOC_CONF"} <= kept.keys()
    assert not {"MALLOC_API_KEY", "FOO", "PATH"} & kept.keys()
