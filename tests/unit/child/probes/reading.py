"""The functions that the aliasing instrument is tried on, as text: each line that makes memory is marked."""

SOURCE = """
import contextlib
import numpy as np

def unwrap(data):
    payload = bytes(memoryview(data))  # local
    return payload

def view(data):
    return memoryview(data)[10:]

def in_a_with(data):
    with contextlib.nullcontext():
        return bytearray(data)  # in a with

def in_a_finally(data):
    try:
        return (True, bytearray(data))  # in a finally
    finally:
        len(data)

def on_lines(data):
    payload = dict(
        copy=None,
        other=(kept := bytearray(data)),  # on lines
    )
    return kept

def filled_later(data):
    buffer = np.zeros(len(data), dtype=np.uint8)  # filled later
    buffer[:] = np.frombuffer(data, dtype=np.uint8)
    return buffer

def handed_on(data):
    return unwrap(bytearray(data))  # handed on

def helped(data):
    return _helper(data)

def _helper(data):
    return bytearray(data)  # helped

def transformed(data):
    return data[::-1]  # transformed

def passed_on(data):
    return view(data)

def made_and_passed_on(data):
    made = bytearray(data)
    return view(made)

def copied_elsewhere(data):
    return unwrap(data)

def in_a_tuple(data):
    return True, memoryview(data)[10:], None

def as_a_table(data):
    import pyarrow as pa

    table = pa.table([pa.Array.from_buffers(pa.uint8(), len(data), [None, pa.py_buffer(data)])], ["a"])
    return table

def as_objects(data):
    part = _part(data)
    return {"size": len(part)}

def _part(data):
    return memoryview(data)[10:]

def grown(data):
    buffer = bytearray()
    for start in range(0, len(data), 4096):
        buffer += data[start : start + 4096]  # grown
    return bytes(buffer)

SCRATCH = bytearray(len(FRAME) + 5000)
BUFFERS = [bytearray(len(FRAME) + 5000)]

def into_a_global(data):
    SCRATCH[: len(data)] = data  # into a global
    return memoryview(SCRATCH)[: len(data)]

def into_one_of_several(data):
    buffer = BUFFERS[0]
    view = memoryview(buffer)[: len(data)]
    view[:] = data  # into one of several
    return view

class Holder:
    shared = bytearray(len(FRAME))

    def __init__(self):
        self.own = bytearray(len(FRAME))

HOLDER = Holder()

def into_an_attribute(data):
    HOLDER.own[:] = data  # into an attribute

def into_a_class(data):
    memoryview(Holder.shared)[:] = data  # into a class

def kept_in_an_attribute(data):
    HOLDER.made = bytes(memoryview(data))  # kept in an attribute

def behind_a_header(data):
    return b"another header" + data  # behind a header

def in_a_larger_buffer(data):
    larger = bytearray(2 * len(data))  # in a larger buffer
    larger[1000 : 1000 + len(data)] = data
    return larger

def in_a_dictionary(data):
    return {"data": bytes(memoryview(data)), "type": "x"}  # in a dictionary

async def made_while_waiting(data):
    await_ = Waiting()
    made = await await_.of(bytearray(data))  # made while waiting
    size = len(made)
    return size

class Waiting:
    async def of(self, value):
        await self
        return value

    def __await__(self):
        yield

def prepares(data):
    prepared = bytes(memoryview(data))  # prepares
    return view(prepared)

def for_nobody(data):
    text = bytearray(data)  # for nobody
    return len(text)

def finishes(data):
    made = view(data)
    made = bytes(made)  # finishes
    return made
"""
