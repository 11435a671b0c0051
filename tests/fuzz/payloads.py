"""Whole data files, to be damaged."""

import bz2
import gzip
import io
import json
import lzma
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa

FRAME = pd.DataFrame(
    {
        "a": np.arange(40.0),
        "b": ["x", "ö", None, "z" * 20] * 10,
        "c": pd.Series(range(40), dtype="Int64"),
        "d": pd.date_range("2026-01-01", periods=40, tz="Europe/Berlin"),
        "e": pd.Categorical(["p", "q"] * 20),
        "f": [[1, 2], [], None, [3]] * 10,
    },
    index=pd.Index(range(100, 140), name="i"),
)


def npy(array: object) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)  # type: ignore[arg-type]
    return stream.getvalue()


def arrow(kind: str) -> bytes:
    table = pa.Table.from_pandas(FRAME)
    sink = pa.BufferOutputStream()
    with (pa.ipc.new_file if kind == "file" else pa.ipc.new_stream)(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def zipped(*names: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, "x" * 40)
    return stream.getvalue()


CSV_TEXT = FRAME.drop(columns="f").to_csv().encode()
JSON_TEXT = json.dumps({"a": [1, 2.5, None, "ö"], "b": {"c": [True] * 9}}).encode()
WHOLE = {
    "a.npy": npy(np.arange(40.0)),
    "b.npy": npy(np.zeros(3, dtype=[("a", "<f8"), ("t", "<M8[ns]"), ("s", "U3", (2,))])),
    "c.npy": npy(np.array(["x", "yy"])),
    "a.parquet": FRAME.to_parquet(),
    "b.parquet": FRAME.drop(columns="f").to_parquet(compression="zstd"),
    "a.arrow": arrow("file"),
    "a.arrows": arrow("stream"),
    "a.csv": CSV_TEXT,
    "a.tsv": CSV_TEXT.replace(b",", b"\t"),
    "a.csv.gz": gzip.compress(CSV_TEXT),
    "a.csv.bz2": bz2.compress(CSV_TEXT),
    "a.csv.xz": lzma.compress(CSV_TEXT),
    "a.json": JSON_TEXT,
    "a.json.gz": gzip.compress(JSON_TEXT),
    "a.jsonl": JSON_TEXT + b"\n" + JSON_TEXT,
    "a.npz": zipped("a.npy", "b.npy"),
    "a.xlsx": zipped("[Content_Types].xml", "xl/workbook.xml"),
    "a.dat": b"",
}
