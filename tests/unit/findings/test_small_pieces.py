from dataclasses import replace

from cachekit_memprobe.findings import small_pieces
from tests.unit.findings.made import evidence, line, size, stage

RECEIVED = line("client.py:3", 1.0, "received")


def test_what_the_pieces_came_to_is_told_beside_the_copies() -> None:
    site = replace(RECEIVED, recycled_bytes=size(4.0))
    (finding,) = small_pieces.find(evidence(stage("backend_get", site)))
    assert finding.message.startswith(
        "backend_get allocates a further 4.00x (1.2 GB) per read at cachekit/serializers/client.py:3 in "
        "pieces below 128 KiB"
    )


def test_a_few_pieces_are_not_worth_a_sentence() -> None:
    site = replace(RECEIVED, recycled_bytes=size(0.4))
    assert list(small_pieces.find(evidence(stage("backend_get", site)))) == []
