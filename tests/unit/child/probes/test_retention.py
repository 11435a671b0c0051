"""Ten rows of a value: what they are for each kind of value."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from cachekit_memprobe.child.probes.retention import SLICE_ROWS, slice_of


@pytest.mark.parametrize(
    "value",
    [
        pd.DataFrame({"a": np.arange(50)}),
        pd.Series(np.arange(50)),
        np.arange(50),
        np.arange(100).reshape(50, 2),
        list(range(50)),
        "x" * 50,
        bytes(50),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_has_a_row_has_a_slice(value: Any) -> None:
    assert len(slice_of(value)) == SLICE_ROWS


@pytest.mark.parametrize("value", [None, True, 5, 1.5, {"a": 1}, np.float64(3.5), np.array(3.5)], ids=repr)
def test_what_has_none_has_no_slice(value: Any) -> None:
    assert slice_of(value) is None
