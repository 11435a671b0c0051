"""The faults that tests put into the newest cachekit, by name."""

from collections.abc import Mapping

from tests.process.faults import MARKER, Edit
from tests.process.injected_memory import MEMORY_FAULTS

_FRAME = "serializers/wrapper.py"
_FILE = "backends/file/backend.py"
_ARROW = "serializers/arrow_serializer.py"
_READ_IPC = "ArrowSerializer._read_verified_ipc"
_PAYLOAD = "return bytes(mv[_PREFIX_LEN:header_end]), mv[header_end:]"
_MAP = "mm = mmap.mmap(fd, st_size, access=mmap.ACCESS_READ, **_MMAP_KWARGS)"
_HANDLE = "handle = _MmapHandle(mm)"

_DESERIALIZED = (
    "deserialized = self.serialization_handler.deserialize_data(cached_data, cache_key, args, kwargs)"
)
_L1_VALUE = (
    "l1_value = operation_handler.serialization_handler.deserialize_data(l1_bytes, cache_key, args, kwargs)"
)

_UNWRAP_ELSEWHERE = f"""
def _unwrap_quickly(wrapped_data, *, shared=True):
    view = memoryview(wrapped_data)
    end = 7 + int.from_bytes(view[3:7], "big")
    metadata, name = _parse_header_memo(bytes(view[7:end]))
    return bytes(view[end:]), metadata, name  {MARKER}


SerializationWrapper.unwrap_quickly = _unwrap_quickly
"""

FAULTS: Mapping[str, tuple[Edit, ...]] = {
    **MEMORY_FAULTS,
    "l1-copies": (
        Edit(
            "l1_cache.py",
            "L1Cache.get",
            "return True, entry.value",
            f"return True, bytes(memoryview(entry.value))  {MARKER}",
        ),
    ),
    "unwrap-copies": (
        Edit(_FRAME, "_split_frame", _PAYLOAD, _PAYLOAD.replace("mv[h", "bytes(mv[h") + f")  {MARKER}"),
    ),
    "unwrap-copies-on-a-thread": (
        Edit(_FRAME, "", "_FRAME_VERSION = 3\n", "_FRAME_VERSION = 3\nimport threading\n"),
        Edit(
            _FRAME,
            "_split_frame",
            _PAYLOAD,
            "made = []\n"
            "    def work():\n"
            f"        made.append(bytes(mv[header_end:]))  {MARKER}\n"
            "    worker = threading.Thread(target=work)\n"
            "    worker.start()\n"
            "    worker.join()\n"
            "    return bytes(mv[_PREFIX_LEN:header_end]), made[0]",
        ),
    ),
    "worker-copies": (
        Edit(
            "cache_handler.py",
            "StandardCacheHandler.get_async",
            "value = await self._with_backpressure_and_timeout_async(self.backend.get, key)",
            "value = await self._with_backpressure_and_timeout_async(\n"
            f"                lambda k: bytes(memoryview(self.backend.get(k))),  {MARKER}\n"
            "                key,\n"
            "            )",
        ),
    ),
    "unwrap-copies-into-a-buffer": (
        Edit(
            _FRAME,
            "",
            "_FRAME_VERSION = 3\n",
            "_FRAME_VERSION = 3\n_BUFFERS = [bytearray(b'x') * (24 << 20)]\n",
        ),
        Edit(
            _FRAME,
            "_split_frame",
            _PAYLOAD,
            "buffer = memoryview(_BUFFERS[0])[: mv.nbytes - header_end]\n"
            f"    buffer[:] = mv[header_end:]  {MARKER}\n"
            "    return bytes(mv[_PREFIX_LEN:header_end]), buffer",
        ),
    ),
    "unwrap-copies-what-is-hot": (
        Edit(_FRAME, "", "_FRAME_VERSION = 3\n", "_FRAME_VERSION = 3\n_READS = 0\n"),
        Edit(
            _FRAME,
            "_split_frame",
            _PAYLOAD,
            "global _READS\n"
            "    _READS += mv.nbytes > 8 << 20\n"
            "    if _READS > 1:\n"
            f"        {_PAYLOAD.replace('mv[h', 'bytes(mv[h')})  {MARKER}\n"
            f"    {_PAYLOAD}",
        ),
    ),
    "executor-copies": (
        Edit(
            "cache_handler.py",
            "StandardCacheHandler.get_async",
            "value = await self._with_backpressure_and_timeout_async(self.backend.get, key)",
            "value = await self._with_backpressure_and_timeout_async(self.backend.get, key)\n"
            "            loop = asyncio.get_running_loop()\n"
            f"            value = await loop.run_in_executor(None, bytes, memoryview(value))  {MARKER}",
        ),
    ),
    "handler-copies": (
        Edit(
            "cache_handler.py",
            "CacheOperationHandler.get_cached_value",
            _DESERIALIZED,
            f"cached_data = bytes(memoryview(cached_data))  {MARKER}\n                {_DESERIALIZED}",
        ),
    ),
    "wrapper-copies": (
        Edit(
            "decorators/wrapper.py",
            "create_cache_wrapper.sync_wrapper",
            _L1_VALUE,
            f"l1_bytes = bytes(memoryview(l1_bytes))  {MARKER}\n                        {_L1_VALUE}",
        ),
    ),
    "decode-copies-in-another-pool": (
        Edit(
            _ARROW,
            _READ_IPC,
            "source = pa.py_buffer(body)",
            f"source = pa.allocate_buffer(body.nbytes, memory_pool=pa.mimalloc_memory_pool())  {MARKER}\n"
            '            memoryview(source).cast("B")[:] = body',
        ),
    ),
    "decode-copies": (
        Edit(
            _ARROW, _READ_IPC, "source = pa.py_buffer(body)", f"source = pa.py_buffer(bytes(body))  {MARKER}"
        ),
    ),
    "decode-copies-in-arrow": (
        Edit(
            _ARROW,
            _READ_IPC,
            "source = pa.py_buffer(body)",
            f"source = pa.allocate_buffer(body.nbytes)  {MARKER}\n"
            '            memoryview(source).cast("B")[:] = body',
        ),
    ),
    "file-get-maps": (
        Edit(
            _FILE,
            "FileBackend.get",
            "payload = _read_fully(fd, payload_size)",
            "whole = mmap.mmap(fd, st_size, access=mmap.ACCESS_READ)\n"
            f"                        payload = whole[HEADER_SIZE:]  {MARKER}\n"
            "                        whole.close()",
        ),
    ),
    "file-get-copies": (
        Edit(
            _FILE,
            "FileBackend.get",
            "payload = _read_fully(fd, payload_size)",
            "payload = _read_fully(fd, payload_size)\n"
            f"                        payload = bytes(memoryview(payload))  {MARKER}",
        ),
    ),
    "map-reads": (
        Edit(
            _FILE,
            "FileBackend.get_buffer",
            _MAP,
            "os.lseek(fd, 0, os.SEEK_SET)\n"
            f"                    read = os.read(fd, st_size)  {MARKER}\n"
            "                    mm = mmap.mmap(-1, HEADER_SIZE)",
        ),
        Edit(
            _FILE,
            "FileBackend.get_buffer",
            _HANDLE,
            f"{_HANDLE}\n                    handle.view = memoryview(read)[HEADER_SIZE:]",
        ),
    ),
    "map-reads-into-shared-memory": (
        Edit(
            _FILE,
            "FileBackend.get_buffer",
            _MAP,
            f"mm = mmap.mmap(-1, st_size)  {MARKER}\n                    os.preadv(fd, [mm], 0)",
        ),
    ),
    "map-refuses": (
        Edit(
            _FILE,
            "FileBackend.get_buffer",
            "file_path = self._key_to_path(key)",
            "return None",
        ),
    ),
    "unwrap-keeps-views": (
        Edit(_FRAME, "", "_FRAME_VERSION = 3\n", "_FRAME_VERSION = 3\n_KEPT = []\n"),
        Edit(_FRAME, "_split_frame", _PAYLOAD, f"_KEPT.append(mv[header_end:])  {MARKER}\n    {_PAYLOAD}"),
    ),
    "unwrap-keeps-the-last-view": (
        Edit(_FRAME, "", "_FRAME_VERSION = 3\n", "_FRAME_VERSION = 3\n_KEPT = {}\n"),
        Edit(_FRAME, "_split_frame", _PAYLOAD, f"_KEPT[0] = mv[header_end:]  {MARKER}\n    {_PAYLOAD}"),
    ),
    "materialize-copies": (
        Edit(
            _ARROW,
            _READ_IPC,
            "return table.to_pandas(self_destruct=True, split_blocks=True)",
            f"return table.to_pandas(self_destruct=True, split_blocks=True).copy()  {MARKER}",
        ),
    ),
    "decrypt-copies": (
        Edit(
            "serializers/encryption_wrapper.py",
            "EncryptionWrapper.deserialize",
            "return self.serializer.deserialize(decrypted_data, raw_metadata)",
            f"decrypted_data = bytes(memoryview(decrypted_data))  {MARKER}\n"
            "            return self.serializer.deserialize(decrypted_data, raw_metadata)",
        ),
    ),
    "decompress-copies": (
        Edit(
            "serializers/standard_serializer.py",
            "StandardSerializer.deserialize",
            "self._byte_storage.retrieve(data)",
            f"self._byte_storage.retrieve(bytes(memoryview(data)))  {MARKER}",
        ),
    ),
    "l1-put-copies": (
        Edit(
            "l1_cache.py",
            "L1Cache.put",
            "# Calculate expiry time",
            f"value = bytes(memoryview(value))  {MARKER}",
        ),
    ),
    "redis-get-copies": (
        Edit(
            "backends/redis/provider.py",
            "PerRequestRedisBackend.get",
            "return value\n",
            f"return bytes(memoryview(value))  {MARKER}\n",
        ),
    ),
    "memcached-get-copies": (
        Edit(
            "backends/memcached/backend.py",
            "MemcachedBackend.get",
            "return bytes(result) if not isinstance(result, bytes) else result",
            f"return bytes(memoryview(result))  {MARKER}",
        ),
    ),
    "cachekitio-get-copies": (
        Edit(
            "backends/cachekitio/backend.py",
            "CachekitIOBackend.get_with_freshness",
            "return response.data, self._is_stale(response), self._fresh_for(response)",
            "return (\n"
            f"            bytes(memoryview(response.data)),  {MARKER}\n"
            "            self._is_stale(response),\n"
            "            self._fresh_for(response),\n"
            "        )",
        ),
    ),
    "stats-print-the-value": (
        Edit(
            "decorators/wrapper.py",
            "create_cache_wrapper.sync_wrapper",
            "cached_result.value, cached_result.envelope, cached_result.size_bytes",
            "cached_result.value, cached_result.envelope, cached_result.size_bytes\n"
            f"                    size_bytes = len(str(result))  {MARKER}",
        ),
    ),
    "misbehaves": (
        Edit(_ARROW, "", "import xxhash\n", "import xxhash\nfrom cachekit import _misbehaviour\n"),
        Edit(
            _ARROW,
            "ArrowSerializer.serialize",
            "table = self._to_table(obj)",
            'table = self._to_table(obj)\n            _misbehaviour.act("storing")',
        ),
        Edit(
            _ARROW,
            _READ_IPC,
            "source = pa.py_buffer(body)",
            "source = pa.py_buffer(body)\n"
            "            if body.nbytes > 1 << 19:  # it is the measured read, and not the warm-up's\n"
            '                _misbehaviour.act("reading")',
        ),
    ),
    "is-broken": (
        Edit("__init__.py", "", "__version__ =", 'raise ImportError("broken on purpose")\n__version__ ='),
    ),
    "unwrap-is-renamed": (
        Edit(_FRAME, "SerializationWrapper.unwrap_metadata", "def unwrap_metadata(", "def unwrap_header("),
        Edit(
            "cache_handler.py",
            "CacheSerializationHandler.deserialize_data",
            ".unwrap_metadata(",
            ".unwrap_header(",
        ),
    ),
    "unwrap-is-bypassed": (
        Edit(_FRAME, "", '__all__ = ["SerializationWrapper"]', _UNWRAP_ELSEWHERE),
        Edit(
            "cache_handler.py",
            "CacheSerializationHandler.deserialize_data",
            ".unwrap_metadata(",
            ".unwrap_quickly(",
        ),
    ),
}
