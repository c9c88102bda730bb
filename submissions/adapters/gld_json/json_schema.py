"""The JSON Schema of a service's messages, made from the rules of its entry, for those who make the files.

https://json-schema.org/draft/2020-12. What only an example shows is described without being required, and other fields pass. What a
schema cannot say is not in it: sums, counts, check digits, and the customer and year.
"""

from __future__ import annotations

from submissions.adapters.gld_json import summary
from submissions.adapters.gld_json.shape import Shape
from submissions.adapters.json_files.rules import Kind, Names
from submissions.adapters.json_files.schema import DIALECT, Node, object_schema, parent_of, value_schema


def schema_of(shape: Shape) -> Node:
    """The schema of a whole message."""
    delivery = object_schema(shape.delivery, is_published=shape.is_published)
    _hang(delivery, shape.items, {"type": "array", "items": object_schema(shape.item, is_published=shape.is_published)})
    _hang(delivery, shape.summary, _summary(shape))
    if shape.deletion:
        entries = object_schema(shape.deletion, is_published=shape.is_published)
        _hang(delivery, ("sletteoppgave",), {"type": "array", "items": entries})
    if shape.is_published:
        delivery["required"] = sorted({*delivery.get("required", []), shape.summary[0]})
    content = {"type": "array", "minItems": 1, "items": delivery} if shape.is_list else delivery
    return {"$schema": DIALECT, "type": "object", "properties": {"leveranse": content}, "required": ["leveranse"]}


def _summary(shape: Shape) -> Node:
    whole = {"type": "integer", "minimum": -summary.LARGEST, "maximum": summary.LARGEST}
    fields = {
        name: whole if shape.item[names].kind == Kind.INT else value_schema(shape.item[names])
        for name, names in shape.sums.items()
    }
    node: Node = {"type": "object", "properties": {summary.COUNT: {"type": "integer"}, **fields}}
    return node | ({"required": [summary.COUNT, *fields]} if shape.is_published else {})


def _hang(delivery: Node, names: Names, node: Node) -> None:
    parent_of(delivery, names)["properties"][names[-1]] = node
