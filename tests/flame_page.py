"""memray's flame graph, parsed back from its page."""

import json
import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Node:
    """A frame of the page."""

    label: str
    function: str
    file: str
    line: int
    size_bytes: int
    allocations: int
    children: "tuple[Node, ...]"


def root_of(page: str) -> Node:
    found = re.search(r"const packed_data = (\{.*\});\n", page)
    assert found, "the page has no data"
    data = json.loads(found[1])
    nodes, texts = data["nodes"], data["strings"]

    def node(number: int) -> Node:
        return Node(
            label=texts[nodes["name"][number]],
            function=texts[nodes["function"][number]],
            file=texts[nodes["filename"][number]],
            line=nodes["lineno"][number],
            size_bytes=nodes["value"][number],
            allocations=nodes["n_allocations"][number],
            children=tuple(map(node, nodes["children"][number])),
        )

    return node(0)


def labels(node: Node) -> list[str]:
    return [node.label, *(label for child in node.children for label in labels(child))]
