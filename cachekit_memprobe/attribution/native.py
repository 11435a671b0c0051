"""Which native code made a block: what stands between the allocation and Python's call, on memray's stack."""

from collections.abc import Iterable

_UNKNOWN = "<unknown>"
_WITHOUT_SYMBOLS = "native code without symbols"
_CALLS = (
    "_PyEval",
    "PyEval",
    "_PyObject_Call",
    "_PyObject_MakeTpCall",
    "_PyObject_Vectorcall",
    "_PyVectorcall",
    "PyObject_Call",
    "PyObject_Vectorcall",
    "call_function",
    "cfunction_",
    "method_vectorcall",
    "slot_tp_",
    "trace_call_function",
    "type_call",
    "vectorcall_",
)
"""Python's own functions that call into native code: their names begin so."""

_ALLOCATORS = (
    "_PyBytes_FromSize",
    "_PyMem",
    "_PyObject_",
    "PyMem_",
    "PyObject_",
    "calloc",
    "malloc",
    "realloc",
)


def native_caller(stack: Iterable[tuple[str, str, int]]) -> str:
    """A name for a reader: of the outermost function below Python's call, the innermost being first.

    Args:
        stack: function, file and line, the innermost first.

    Returns:
        ``bytes_new``; ``PyBytes_FromStringAndSize, called by native code without symbols``; or that alone.
    """
    names: list[str] = []
    for name, _, _ in stack:
        if name.startswith(_CALLS):
            break
        if not name.startswith(_ALLOCATORS):
            names.append(name)
    known = [name for name in names if name != _UNKNOWN]
    if not known:
        return _WITHOUT_SYMBOLS
    return known[-1] if names[-1] != _UNKNOWN else f"{known[-1]}, called by {_WITHOUT_SYMBOLS}"
