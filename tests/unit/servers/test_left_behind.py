from pathlib import Path

from cachekit_memprobe.servers.left_behind import LeftBehind


def test_a_note_is_there_until_nothing_is_left(tmp_path: Path) -> None:
    left = LeftBehind(tmp_path / "notes")
    assert left.namespaces() == []
    left.note("memprobe-0123456789ab")
    assert left.namespaces() == ["memprobe-0123456789ab"]
    left.forget("memprobe-0123456789ab")
    assert left.namespaces() == []


def test_what_could_be_more_than_a_name_is_none(tmp_path: Path) -> None:
    for name in ("", "*", "memprobe-", "memprobe-*", "memprobe-0123456789ab*"):
        (tmp_path / f"{name}.keys").touch()
    left = LeftBehind(tmp_path)
    assert left.namespaces() == []
    (tmp_path / "memprobe-0123456789ab.keys").write_text("a:b\na:b\nc flush_all\n\n" + "d" * 251)
    assert left.keys("memprobe-0123456789ab") == ["a:b"]
