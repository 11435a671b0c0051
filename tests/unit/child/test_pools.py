"""Arrow's pools, the real ones."""

import pyarrow as pa
import pytest

from cachekit_memprobe.child.pools import alive_bytes, pools, state_of, unseen_pools

MIB = 1 << 20


def test_the_system_pool_is_the_one_that_memray_sees() -> None:
    assert "system" in pools()
    assert set(unseen_pools()) == set(pools()) - {"system"}


@pytest.mark.parametrize("name", sorted(pa.supported_memory_backends()))
def test_what_is_handed_out_and_what_is_used_of_it(name: str) -> None:
    pool = pools()[name]
    before, alive_before = state_of(pool), alive_bytes()
    taken = pa.allocate_buffer(MIB, memory_pool=pool)
    during, alive_during = state_of(pool), alive_bytes()
    del taken
    after = state_of(pool)
    assert during.alive_bytes - before.alive_bytes == MIB
    assert during.allocated_bytes - before.allocated_bytes == MIB == alive_during - alive_before
    assert after.alive_bytes == before.alive_bytes
    assert after.allocated_bytes == during.allocated_bytes
