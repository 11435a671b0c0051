"""The schema of a scenario file.

A field's description says what is expected of the key, its first example is the remedy: the messages
are made of them. What one key demands of another is in :mod:`cachekit_memprobe.scenario.rules`.
"""

from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from cachekit_memprobe import units
from cachekit_memprobe.child.task import MOST_READERS
from cachekit_memprobe.metrics import SMALLEST_PAYLOAD_BYTES
from cachekit_memprobe.scenario.conditions import parse_specifier
from cachekit_memprobe.scenario.problems import either, toml

NEEDS: tuple[str, ...] = ("memcached", "polars")
"""What a scenario may ask of the machine: a server that cachekit-memprobe doesn't bring along."""

DEFAULT_SIZE = "64MiB"
DEFAULT_COLUMNS = 8
_FEW = f"an integer from 1 to {MOST_READERS}"


def _one_line(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError
    return text.strip()


def _size(text: str) -> str:
    if units.parse_bytes(text) < SMALLEST_PAYLOAD_BYTES:
        raise ValueError
    return text


def _need(name: str) -> str:
    if name not in NEEDS:
        raise ValueError
    return name


class Table(BaseModel):
    """A TOML table: unknown keys are refused, and nothing is converted from one type to another."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ValueTable(Table):
    """``[value]``: what is cached."""

    kind: Literal[
        "dataframe",
        "dataframe-strings",
        "dataframe-mixed",
        "dataframe-nullable",
        "series",
        "ndarray",
        "bytes",
        "text",
        "nested",
        "file",
    ] = Field(examples=["dataframe"])
    size: Annotated[str, AfterValidator(_size)] = Field(
        DEFAULT_SIZE, description='a size of 1MB or more, such as "64MiB"', examples=[DEFAULT_SIZE]
    )
    seed: int = Field(1, ge=0, lt=2**32, description="an integer from 0 to 4294967295", examples=[1])
    columns: int | None = Field(
        None, ge=1, le=100_000, description="an integer from 1 to 100000", examples=[DEFAULT_COLUMNS]
    )
    file: Annotated[str, AfterValidator(_one_line)] | None = Field(
        None, description="the path of a data file", examples=["prices.parquet"]
    )


class CacheTable(Table):
    """``[cache]``: how it is cached, the arguments of ``@cache`` and of its backend."""

    serializer: Literal["arrow", "default", "auto", "orjson", "interop", "none"] = Field(examples=["arrow"])
    compression: Literal["none", "zstd", "lz4"] = Field("none", examples=["none"])
    backend: Literal["file", "redis", "memcached", "cachekitio", "none", "local"] = Field(
        "file", examples=["file"]
    )
    encryption: bool = Field(False, description="true or false", examples=[False])
    l1: bool = Field(description="true or false", examples=[True])
    return_format: Literal["pandas", "arrow", "polars"] = Field("pandas", examples=["pandas"])


class ReadTable(Table):
    """``[read]``: the read that is measured."""

    tier: Literal["l1", "l2", "reference"] = Field(examples=["l1"])
    route: Literal["memory", "get", "map"] = Field(examples=["memory"])
    asynchronous: bool = Field(False, description="true or false", examples=[False])
    backfill: bool = Field(False, description="true or false", examples=[False])
    readers: int = Field(1, ge=1, le=MOST_READERS, description=_FEW, examples=[1])
    keys: int = Field(1, ge=1, le=MOST_READERS, description=_FEW, examples=[1])


class ScenarioHead(Table):
    """What all files may have.

    The limits of ``[budget]`` are read by :func:`limits.read_budget`, the variables of ``[env]`` by
    :func:`given.read_environment`.
    """

    summary: Annotated[str, AfterValidator(_one_line)] = Field(
        description="one line of text", examples=["DataFrame, uncompressed Arrow, L1 hit"]
    )
    releases: Annotated[str, AfterValidator(parse_specifier)] = Field(
        "", description='a PEP 440 specifier such as ">=0.10.0"', examples=[">=0.10.0"]
    )
    needs: list[Annotated[str, AfterValidator(_need)]] = Field(
        [], description=f"an array of names, each {either(list(map(toml, NEEDS)))}", examples=[[]]
    )
    env: dict[str, Any] = Field({}, description="a table of environment variables")
    budget: dict[str, Any] = Field({}, description="a table of limits")


class ScenarioFile(ScenarioHead):
    """A whole file."""

    value: ValueTable
    cache: CacheTable
    read: ReadTable


TABLES: dict[str, type[Table]] = {"value": ValueTable, "cache": CacheTable, "read": ReadTable}
"""The tables whose keys are fixed."""


def options_of(table: str, key: str) -> tuple[str, ...]:
    """The values that a key takes, of one that takes fixed ones."""
    return tuple(get_args(TABLES[table].model_fields[key].annotation))
