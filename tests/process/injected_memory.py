"""Faults of memory that is shared, that is left to the garbage collector, or that the kernel takes away."""

from collections.abc import Mapping

from tests.process.faults import MARKER, Edit

_FRAME = "serializers/wrapper.py"
_FILE = "backends/file/backend.py"
_ARROW = "serializers/arrow_serializer.py"
_READ_IPC = "ArrowSerializer._read_verified_ipc"
_PAYLOAD = "return bytes(mv[_PREFIX_LEN:header_end]), mv[header_end:]"

MEMORY_FAULTS: Mapping[str, tuple[Edit, ...]] = {
    "file-get-keeps-shared-memory": (
        Edit(
            _FILE,
            "",
            "import mmap\n",
            "import mmap\nfrom multiprocessing import shared_memory\n\n_KEPT = []\n",
        ),
        Edit(
            _FILE,
            "FileBackend.get",
            "payload = _read_fully(fd, payload_size)",
            "payload = _read_fully(fd, payload_size)\n"
            "                        size = len(payload)\n"
            "                        make = shared_memory.SharedMemory\n"
            f"                        _KEPT.append(shared := make(create=True, size=size))  {MARKER}\n"
            "                        shared.buf[:size] = payload\n"
            "                        payload = shared.buf[:size]\n"
            "                        shared.unlink()",
        ),
    ),
    "unwrap-copies-into-shared-memory": (
        Edit(_FRAME, "", "_FRAME_VERSION = 3\n", "_FRAME_VERSION = 3\nimport mmap\n"),
        Edit(
            _FRAME,
            "_split_frame",
            _PAYLOAD,
            f"shared = mmap.mmap(-1, mv.nbytes - header_end)  {MARKER}\n"
            "    shared[:] = mv[header_end:]\n"
            "    return bytes(mv[_PREFIX_LEN:header_end]), memoryview(shared)",
        ),
    ),
    "materialize-takes-a-snapshot": (
        Edit(
            _ARROW,
            "",
            "import xxhash\n",
            "import xxhash\n\n\n"
            "def _snapshot(body):\n"
            "    import mmap, os\n"
            '    fd = os.memfd_create("snapshot")\n'
            "    os.ftruncate(fd, body.nbytes)\n"
            f"    snapshot = mmap.mmap(fd, body.nbytes)  {MARKER}\n"
            "    os.close(fd)\n"
            "    snapshot[:] = body\n"
            "    return snapshot\n\n\n",
        ),
        Edit(
            _ARROW,
            _READ_IPC,
            "return table.to_pandas(self_destruct=True, split_blocks=True)",
            "return (_snapshot(body), table.to_pandas(self_destruct=True, split_blocks=True))[1]",
        ),
    ),
    "materialize-is-in-a-cycle": (
        Edit(_ARROW, "", "import xxhash\n", "import xxhash\n\n\nclass _Owner:\n    pass\n\n\n"),
        Edit(
            _ARROW,
            _READ_IPC,
            "    return table.to_pandas(self_destruct=True, split_blocks=True)",
            f"    frame = table.to_pandas(self_destruct=True, split_blocks=True)  {MARKER}\n"
            "                owner = _Owner()\n"
            "                owner.itself, owner.frame = owner, frame\n"
            "                return frame",
        ),
    ),
    "unwrap-is-in-a-traceback": (
        Edit(
            _FRAME,
            "_split_frame",
            _PAYLOAD,
            f"body = mv[header_end:]\n"
            "    try:\n"
            f"        raise ValueError  {MARKER}\n"
            "    except ValueError as error:\n"
            "        last = error\n"
            f"    {_PAYLOAD}",
        ),
    ),
    "file-get-is-in-a-closure": (
        Edit(
            _FILE,
            "FileBackend.get",
            "payload = _read_fully(fd, payload_size)",
            "payload = _read_fully(fd, payload_size)\n\n"
            f"                        def again(once):  {MARKER}\n"
            "                            return again(once) if once else payload\n",
        ),
    ),
    **{
        f"loses-pages-{how_often}": (
            Edit(
                _FRAME,
                "",
                "_FRAME_VERSION = 3\n",
                "_FRAME_VERSION = 3\nfrom cachekit import _misbehaviour\n\n_misbehaviour.map_a_library()\n",
            ),
            Edit(
                _FRAME,
                "_split_frame",
                _PAYLOAD,
                "if mv.nbytes > 1 << 20:  # not the warm-up's\n"
                f'        _misbehaviour.lose_pages("{how_often}")\n'
                f"    {_PAYLOAD}",
            ),
        )
        for how_often in ("always", "first")
    },
}
