"""Each key, wrong in each way, with the whole line that a user reads."""

from collections.abc import Callable

import pytest

from cachekit_memprobe.scenario import schema

ErrorsOf = Callable[[str], list[str]]

KINDS = (
    'one of "dataframe", "dataframe-strings", "dataframe-mixed", "dataframe-nullable", "series", '
    '"ndarray", "bytes", "text", "nested", "file"'
)

WRONG_KEYS = [
    # (replaced in the smallest scenario, by, the error)
    (
        'summary = "A read"\n',
        "",
        "top-level summary: expected one line of text, found nothing; "
        'write summary = "DataFrame, uncompressed Arrow, L1 hit"',
    ),
    ('"A read"', '" "', 'top-level summary: expected one line of text, found " "; write summary = '),
    ('"A read"', '"a\\nb"', 'top-level summary: expected one line of text, found "a\\nb"; write summary = '),
    ('"A read"', "3", "top-level summary: expected one line of text, found 3; write summary = "),
    (
        "[value]",
        'releases = "0.10.0"\n[value]',
        'top-level releases: expected a PEP 440 specifier such as ">=0.10.0", found "0.10.0"; '
        'write releases = ">=0.10.0"',
    ),
    (
        "[value]",
        'needs = ["redis"]\n[value]',
        'top-level needs: expected an array of names, each "memcached" or "polars", found ["redis"]; '
        "write needs = []",
    ),
    (
        "[value]",
        'needs = "redis"\n[value]',
        'top-level needs: expected an array of names, each "memcached" or "polars", found "redis"; '
        "write needs = []",
    ),
    (
        '"dataframe"',
        '"datafram"',
        f'[value] kind: expected {KINDS}, found "datafram"; '
        'did you mean "dataframe", "dataframe-mixed" or "dataframe-strings"?',
    ),
    ('"dataframe"', '"q"', f'[value] kind: expected {KINDS}, found "q"; write kind = "dataframe"'),
    ('kind = "dataframe"\n', "", f'[value] kind: expected {KINDS}, found nothing; write kind = "dataframe"'),
    (
        "[cache]",
        "size = 64\n[cache]",
        '[value] size: expected a size of 1MB or more, such as "64MiB", found 64; write size = "64MiB"',
    ),
    (
        "[cache]",
        'size = "64 pounds"\n[cache]',
        '[value] size: expected a size of 1MB or more, such as "64MiB", found "64 pounds"; '
        'write size = "64MiB"',
    ),
    (
        "[cache]",
        'size = "64,5MiB"\n[cache]',
        '[value] size: expected a size of 1MB or more, such as "64MiB", found "64,5MiB"; '
        'write size = "64MiB"',
    ),
    (
        "[cache]",
        'size = "64KiB"\n[cache]',
        '[value] size: expected a size of 1MB or more, such as "64MiB", found "64KiB"; write size = "64MiB"',
    ),
    (
        "[cache]",
        'size = "0MiB"\n[cache]',
        '[value] size: expected a size of 1MB or more, such as "64MiB", found "0MiB"; write size = "64MiB"',
    ),
    (
        "[cache]",
        "seed = -1\n[cache]",
        "[value] seed: expected an integer from 0 to 4294967295, found -1; write seed = 1",
    ),
    (
        "[cache]",
        "seed = 4294967296\n[cache]",
        "[value] seed: expected an integer from 0 to 4294967295, found 4294967296; write seed = 1",
    ),
    (
        "[cache]",
        "seed = 1.0\n[cache]",
        "[value] seed: expected an integer from 0 to 4294967295, found 1.0; write seed = 1",
    ),
    (
        "[cache]",
        "columns = 0\n[cache]",
        "[value] columns: expected an integer from 1 to 100000, found 0; write columns = 8",
    ),
    (
        "[cache]",
        "columns = true\n[cache]",
        "[value] columns: expected an integer from 1 to 100000, found true; write columns = 8",
    ),
    (
        "[cache]",
        "columns = 100001\n[cache]",
        "[value] columns: expected an integer from 1 to 100000, found 100001; write columns = 8",
    ),
    (
        '"arrow"',
        '"Arrow"',
        '[cache] serializer: expected one of "arrow", "default", "auto", "orjson", "interop", "none", '
        'found "Arrow"; '
        'did you mean "arrow"?',
    ),
    (
        "[read]",
        'compression = "gzip"\n[read]',
        '[cache] compression: expected one of "none", "zstd", "lz4", found "gzip"; '
        'write compression = "none"',
    ),
    (
        "[read]",
        'backend = "rediss"\n[read]',
        '[cache] backend: expected one of "file", "redis", "memcached", "cachekitio", "none", "local", '
        'found "rediss"; did you mean "redis"?',
    ),
    (
        "[read]",
        'encryption = "aes"\n[read]',
        '[cache] encryption: expected true or false, found "aes"; write encryption = false',
    ),
    (
        "[read]",
        "encryption = 0\n[read]",
        "[cache] encryption: expected true or false, found 0; write encryption = false",
    ),
    ("l1 = true", "l1 = 1", "[cache] l1: expected true or false, found 1; write l1 = true"),
    ("l1 = true\n", "", "[cache] l1: expected true or false, found nothing; write l1 = true"),
    ('"l1"', '"l3"', '[read] tier: expected one of "l1", "l2", "reference", found "l3"; write tier = "l1"'),
    (
        '"memory"',
        "{ a = 1 }",
        '[read] route: expected one of "memory", "get", "map", found a table; write route = "memory"',
    ),
    (
        '"memory"',
        "1979-05-27",
        '[read] route: expected one of "memory", "get", "map", found 1979-05-27; write route = "memory"',
    ),
]

UNKNOWN_KEYS = [
    (
        "[value]",
        'relases = ">=1"\n[value]',
        "top-level relases: expected one of the keys summary, releases, needs, found relases; "
        "did you mean releases?",
    ),
    (
        "[value]",
        "encryption = false\n[value]",
        "top-level encryption: expected one of the keys summary, releases, needs, found encryption; "
        "move it to [cache]",
    ),
    (
        "[value]",
        '"x y" = [1, [2]]\n[value]',
        'top-level "x y": expected one of the keys summary, releases, needs, found "x y"; remove it',
    ),
    (
        "[cache]",
        'sise = "1MB"\n[cache]',
        "[value] sise: expected one of the keys kind, size, seed, columns, file, found sise; "
        "did you mean size?",
    ),
    (
        "[cache]",
        'route = "get"\n[cache]',
        "[value] route: expected one of the keys kind, size, seed, columns, file, found route; "
        "move it to [read]",
    ),
    (
        "[read]",
        'releases = ">=1"\n[read]',
        "[cache] releases: expected one of the keys serializer, compression, backend, encryption, l1, "
        "return_format, found releases; move it above the first table",
    ),
    (
        "[read]\n",
        "[read]\nzzz.y = 1\n",
        "[read] zzz: expected one of the keys tier, route, asynchronous, backfill, readers, keys, "
        "found zzz; remove it",
    ),
]

WRONG_TABLES = [
    (
        '[value]\nkind = "dataframe"\n',
        "",
        '[value]: expected a table, found nothing; write [value] with kind = "dataframe"',
    ),
    (
        '[value]\nkind = "dataframe"\n',
        'value = "dataframe"\n',
        '[value]: expected a table, found "dataframe"; write [value] with kind = "dataframe"',
    ),
    (
        "[cache]",
        "[[cache]]",
        '[cache]: expected a table, found an array; write [cache] with serializer = "arrow" and l1 = true',
    ),
    (
        '[read]\ntier = "l1"\nroute = "memory"\n',
        "",
        '[read]: expected a table, found nothing; write [read] with tier = "l1" and route = "memory"',
    ),
    (
        "[value]",
        'budget = "1x"\n[value]',
        '[budget]: expected a table, found "1x"; '
        'write [budget], and below it lines such as rss.peak = "1.35x"',
    ),
    (
        "[value]",
        "[budgets]\n[value]",
        "[budgets]: expected one of the tables value, cache, read, env, budget, found budgets; "
        "did you mean [budget]?",
    ),
    (
        "[value]",
        "[zoo]\n[value]",
        "[zoo]: expected one of the tables value, cache, read, env, budget, found zoo; remove it",
    ),
]


@pytest.mark.parametrize(("old", "new", "error"), [*WRONG_KEYS, *UNKNOWN_KEYS, *WRONG_TABLES])
def test_an_error_names_file_table_key_and_remedy(
    smallest: str, errors_of: ErrorsOf, old: str, new: str, error: str
) -> None:
    assert old in smallest
    (line,) = errors_of(smallest.replace(old, new, 1))
    assert line.startswith(f"my.toml: {error}")
    assert error.endswith("= ") or line == f"my.toml: {error}"


def test_an_empty_file_is_told_all_that_it_lacks(errors_of: ErrorsOf) -> None:
    assert [line.split(": ")[1] for line in errors_of("")] == [
        "top-level summary",
        "[value]",
        "[cache]",
        "[read]",
    ]


def test_all_errors_of_a_file_are_told_at_once(smallest: str, errors_of: ErrorsOf) -> None:
    text = (
        smallest.replace('"A read"', "1")
        .replace('"dataframe"', '"frame"')
        .replace("[read]", "zip = true\n[read]")
        .replace('"memory"', '"map"')
    )
    lines = errors_of(text + '[budget]\nrss.peak = "x"\n')
    assert [line.split(": expected")[0] for line in lines] == [
        "my.toml: top-level summary",
        "my.toml: [value] kind",
        "my.toml: [cache] zip",
        "my.toml: [read] route",
        "my.toml: [budget] rss.peak",
    ]


def test_a_long_value_is_cut(smallest: str, errors_of: ErrorsOf) -> None:
    (line,) = errors_of(smallest.replace('"dataframe"', f'"{"x" * 1000}"'))
    assert f'found "{"x" * 60}..."; ' in line


def test_an_integer_that_python_can_not_print(smallest: str, errors_of: ErrorsOf) -> None:
    (line,) = errors_of(smallest.replace("[cache]", f"seed = 0x{'f' * 50_000}\n[cache]"))
    assert line == (
        "my.toml: [value] seed: expected an integer from 0 to 4294967295, found a very large integer; "
        "write seed = 1"
    )


@pytest.mark.parametrize("specifier", ["", " ", ">=0.10.0", ">=0.10,<0.22", "==0.9.*", "~=0.20.1"])
def test_specifiers(smallest: str, errors_of: ErrorsOf, specifier: str) -> None:
    assert errors_of(f'releases = "{specifier}"\n{smallest}') == []


def test_a_need_is_accepted_once_it_is_known(
    smallest: str, errors_of: ErrorsOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "NEEDS", ("redis",))
    assert errors_of(f'needs = ["redis"]\n{smallest}') == []
    assert len(errors_of(f'needs = ["redis", "mongo"]\n{smallest}')) == 1
