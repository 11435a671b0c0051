"""Tables as text: columns, rows and what is to be said below them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """A column; a long name may be broken where it has a dot or a line break."""

    name: str
    is_figure: bool = False


@dataclass(frozen=True)
class TextTable:
    """Rows of text, each with a cell for each column."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Section:
    """Tables that belong together.

    Attributes:
        name: of the scenario that they are about; empty if they are about several.
        title: what follows the name; empty where there is no title.
        remarks: sentences without a full stop.
    """

    name: str
    title: str
    tables: tuple[TextTable, ...]
    remarks: tuple[str, ...]
