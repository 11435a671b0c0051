"""Faults that show when the read has returned, and those that only a first read shows, by name."""

from collections.abc import Mapping

from tests.process.faults import MARKER, Edit

_FRAME = "serializers/wrapper.py"
_FILE = "backends/file/backend.py"
_ARROW = "serializers/arrow_serializer.py"
_READ_IPC = "ArrowSerializer._read_verified_ipc"
_PAYLOAD = "return bytes(mv[_PREFIX_LEN:header_end]), mv[header_end:]"

BESIDE_FAULTS: Mapping[str, tuple[Edit, ...]] = {
    "get-keeps-the-first-frame": (
        Edit(_FILE, "", "class FileBackend:\n", "class FileBackend:\n    _first: dict = {}\n"),
        Edit(
            _FILE,
            "FileBackend.get",
            "payload = _read_fully(fd, payload_size)",
            "payload = _read_fully(fd, payload_size)\n"
            f"                        self._first.setdefault(0, payload)  {MARKER}",
        ),
    ),
    "materialize-keeps-the-first-table": (
        Edit(
            _ARROW,
            _READ_IPC,
            "return table.to_pandas(self_destruct=True, split_blocks=True)",
            "kept = ArrowSerializer._read_verified_ipc.__dict__\n"
            "                return table.to_pandas(\n"
            f'                    split_blocks=kept.setdefault("first", table) is not None  {MARKER}\n'
            "                )",
        ),
    ),
    "decode-keeps-the-last-body": (
        Edit(
            "cache_handler.py",
            "CacheSerializationHandler.deserialize_data",
            "# Get base serializer\n",
            f"self._last_payload = serialized_data  {MARKER}\n            # Get base serializer\n",
        ),
    ),
    "unwrap-leaks-a-tenth": (
        Edit(_FRAME, "", "_FRAME_VERSION = 3\n", "_FRAME_VERSION = 3\n_KEPT = []\n"),
        Edit(
            _FRAME,
            "_split_frame",
            _PAYLOAD,
            f"_KEPT.append(bytes(mv[-mv.nbytes // 10 :]))  {MARKER}\n    {_PAYLOAD}",
        ),
    ),
    "unwrap-copies-later": (
        Edit(_FRAME, "", "_FRAME_VERSION = 3\n", "_FRAME_VERSION = 3\nimport threading\n"),
        Edit(
            _FRAME,
            "_split_frame",
            _PAYLOAD,
            f"threading.Timer(0.5, lambda: bytes(mv[header_end:])).start()  {MARKER}\n    {_PAYLOAD}",
        ),
    ),
    "a-finalizer-copies": (
        Edit(
            _ARROW,
            "",
            "import xxhash\n",
            "import xxhash\nimport weakref\n\n\n"
            f"def _gone(body):\n    return bytes(memoryview(body))  {MARKER}\n",
        ),
        Edit(
            _ARROW,
            _READ_IPC,
            "return table.to_pandas(self_destruct=True, split_blocks=True)",
            "frame = table.to_pandas(self_destruct=True, split_blocks=True)\n"
            "                weakref.finalize(frame, _gone, body)\n"
            "                return frame",
        ),
    ),
}
