"""Functions that the user assigns to a stage."""

import sys
from pathlib import Path

import pytest

from cachekit_memprobe.child.assigned import parse_assignment
from cachekit_memprobe.child.stages import Function
from cachekit_memprobe.errors import UsageError
from cachekit_memprobe.model import Target
from cachekit_memprobe.target import check_stages


@pytest.mark.parametrize(
    "name", ["serializers.wrapper:A.b", "cachekit.serializers.wrapper:A.b", " serializers.wrapper:A.b"]
)
def test_is_read_with_or_without_the_packages_name(name: str) -> None:
    assert parse_assignment(f"unwrap={name}") == Function("unwrap", "serializers.wrapper:A.b")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("unwrap", "is not STAGE=MODULE:FUNCTION; write it like unwrap="),
        ("unwrap=serializers.wrapper", "is not STAGE=MODULE:FUNCTION"),
        ("unwrap=serializers/wrapper.py:unwrap", "is not STAGE=MODULE:FUNCTION"),
        ("unwrap=:unwrap", "is not STAGE=MODULE:FUNCTION"),
        ("unwarp=serializers.wrapper:unwrap", "'unwarp' is not a stage; the stages are l1_get, "),
        ("other=serializers.wrapper:unwrap", "'other' is not a stage"),
    ],
)
def test_anything_else_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_assignment(text)


@pytest.mark.process
class TestTheTarget:
    TARGET = Target("installed", Path(sys.executable), {})

    def test_has_it(self) -> None:
        check_stages(self.TARGET, ("unwrap=serializers.wrapper:SerializationWrapper.unwrap",))

    @pytest.mark.parametrize(
        ("name", "said"),
        [
            (
                "serializers.wrapper:SerializationWrapper.unwarp",
                "cachekit.serializers.wrapper has no Python function SerializationWrapper.unwarp; "
                "did you mean SerializationWrapper.unwrap",
            ),
            ("serializers.wraper:unwrap", "can't be imported .*; did you mean cachekit.serializers.wrapper"),
            ("_rust_serializer:ByteStorage.retrieve", "has no Python function ByteStorage.retrieve"),
            (
                "decorators.wrapper:create_cache_wrapper.<locals>.nowhere",
                "has no Python function create_cache_wrapper.<locals>.nowhere",
            ),
        ],
    )
    def test_has_it_not_and_says_what_may_be_meant(self, name: str, said: str) -> None:
        with pytest.raises(UsageError, match=said) as caught:
            check_stages(self.TARGET, (f"unwrap={name}", "stats=l1_cache:L1Cache.get"))
        assert str(caught.value).startswith(f"--stage unwrap={name}: ")
        assert "L1Cache.get" not in str(caught.value)
