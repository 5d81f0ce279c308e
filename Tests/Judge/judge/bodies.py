"""Bodies of the wire protocols read back into members: the inverse of botocore's serializers.

Unknown members and wrong types are noted here; `shapes.check` looks at the values afterwards.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree

from botocore.model import ListShape, MapShape, Shape, StructureShape

from . import scalars
from .faults import Faults
from .shapes import Wrong

SIMPLE_NAMESPACES = {"xsi": "http://www.w3.org/2001/XMLSchema-instance"}


def _unknown(faults: Faults, path: str, names: list[str]) -> None:
    faults.note("unknown-member", f"{path} (known: {', '.join(sorted(names)[:40])})")


# --- JSON -----------------------------------------------------------------------------------------------------------


def parse_json(data: bytes, faults: Faults) -> Any:
    """Nil with a fault when the body is not strict JSON with unique keys."""
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        for name in {n for n, _ in pairs if [p[0] for p in pairs].count(n) > 1}:
            faults.note("bad-body", f"the JSON key {name!r} occurs twice")
        return dict(pairs)

    def refuse(word: str) -> Any:
        raise ValueError(f"{word} is no JSON")

    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=unique, parse_constant=refuse)
    except ValueError as error:
        faults.note("bad-body", f"not JSON: {error}")
        return None


def from_json(shape: Shape, value: Any, path: str, faults: Faults) -> Any:
    if isinstance(shape, StructureShape):
        if shape.metadata.get("document"):
            return value
        if not isinstance(value, dict):
            return _not(faults, path, value, "an object")
        names = {m.serialization.get("name", n): n for n, m in shape.members.items()}
        return _members(shape, names, value, path, faults)
    if isinstance(shape, ListShape):
        if not isinstance(value, list):
            return _not(faults, path, value, "an array")
        return [from_json(shape.member, item, f"{path}[{i}]", faults) for i, item in enumerate(value)]
    if isinstance(shape, MapShape):
        if not isinstance(value, dict):
            return _not(faults, path, value, "an object")
        return {key: from_json(shape.value, item, f"{path}.{key}", faults) for key, item in value.items()}
    return scalars.from_json(shape, value, path, faults)


def _members(
    shape: StructureShape, names: dict[str, str], value: dict[str, Any], path: str, faults: Faults
) -> dict[str, Any]:
    out = {}
    for wire, item in value.items():
        member = names.get(wire)
        if member is None:
            _unknown(faults, f"{path}.{wire}", list(names))
        elif shape.members[member].serialization.get("location"):
            faults.note("unknown-member", f"{path}.{wire} does not belong in the body")
        else:
            out[member] = from_json(shape.members[member], item, f"{path}.{wire}", faults)
    return out


def _not(faults: Faults, path: str, value: Any, wanted: str) -> Wrong:
    faults.note("wrong-type", f"{path} is {json.dumps(value)[:80]}, wanted {wanted}")
    return Wrong(value)


# --- Query and EC2 --------------------------------------------------------------------------------------------------


class Node:
    """One level of dotted parameter names."""

    def __init__(self) -> None:
        self.value: str | None = None
        self.children: dict[str, Node] = {}

    def at(self, path: list[str]) -> Node:
        node = self
        for part in path:
            node = node.children.setdefault(part, Node())
        return node


def parse_form(data: bytes, faults: Faults) -> Node:
    root = Node()
    try:
        pairs = parse_qsl(
            data.decode("ascii"), keep_blank_values=True, strict_parsing=bool(data), encoding="utf-8", errors="strict")
    except ValueError as error:
        faults.note("bad-body", f"not a form: {error}")
        return root
    for name, value in pairs:
        node = root.at(name.split("."))
        if node.value is not None:
            faults.note("bad-body", f"the parameter {name} occurs twice")
        node.value = value
    return root


class Form:
    """Reads a tree of parameters as the query protocol names them, or as EC2's variation does."""

    def __init__(self, faults: Faults, ec2: bool) -> None:
        self.faults, self.ec2 = faults, ec2

    def _name(self, shape: Shape, default: str) -> str:
        if not self.ec2:
            return shape.serialization.get("name", default)
        if "queryName" in shape.serialization:
            return shape.serialization["queryName"]
        name = shape.serialization.get("name")
        return name[0].upper() + name[1:] if name else default

    def _flat(self, shape: Shape) -> bool:
        return bool(shape.serialization.get("flattened"))

    def structure(self, shape: StructureShape, node: Node, path: str) -> dict[str, Any]:
        names = {}
        for member, member_shape in shape.members.items():
            name = self._name(member_shape, member)
            if not self.ec2 and isinstance(member_shape, ListShape) and self._flat(member_shape):
                name = member_shape.member.serialization.get("name", name)
            names[name] = member
        if node.value is not None:
            self.faults.note("wrong-type", f"{path} has a value, wanted members")
        out = {}
        for wire, child in node.children.items():
            if wire not in names:
                _unknown(self.faults, f"{path}.{wire}", list(names))
            else:
                out[names[wire]] = self.read(shape.members[names[wire]], child, f"{path}.{wire}")
        return out

    def read(self, shape: Shape, node: Node, path: str) -> Any:
        if isinstance(shape, StructureShape):
            return self.structure(shape, node, path)
        if isinstance(shape, ListShape):
            return self._list(shape, node, path)
        if isinstance(shape, MapShape):
            return self._map(shape, node, path)
        if node.children:
            self.faults.note("wrong-type", f"{path} has members {sorted(node.children)}, wanted a {shape.type_name}")
            return Wrong(None)
        return scalars.from_text(shape, node.value or "", path, self.faults)

    def _items(self, node: Node, wrapper: str | None, path: str) -> list[Node] | Wrong:
        """The numbered children, 1 to n without gaps, below `wrapper` where the list has one."""
        if node.value is not None:
            if node.value == "" and not node.children and not self.ec2:
                return []
            self.faults.note("wrong-type", f"{path} has a value, wanted numbered members")
            return Wrong(node.value)
        if wrapper is not None:
            for other in set(node.children) - {wrapper}:
                _unknown(self.faults, f"{path}.{other}", [wrapper])
            node = node.children.get(wrapper, Node())
        wanted = [str(i) for i in range(1, len(node.children) + 1)]
        if sorted(node.children) != sorted(wanted):
            self.faults.note("wrong-type", f"{path} is numbered {sorted(node.children)}, wanted 1 to {len(wanted)}")
            return Wrong(sorted(node.children))
        return [node.children[index] for index in wanted]

    def _list(self, shape: ListShape, node: Node, path: str) -> Any:
        flat = self.ec2 or self._flat(shape)
        items = self._items(node, None if flat else shape.member.serialization.get("name", "member"), path)
        if isinstance(items, Wrong):
            return items
        return [self.read(shape.member, item, f"{path}.{i}") for i, item in enumerate(items, 1)]

    def _map(self, shape: MapShape, node: Node, path: str) -> Any:
        items = self._items(node, None if self._flat(shape) else "entry", path)
        if isinstance(items, Wrong):
            return items
        key_name, value_name = self._name(shape.key, "key"), self._name(shape.value, "value")
        out = {}
        for i, item in enumerate(items, 1):
            for other in set(item.children) - {key_name, value_name}:
                _unknown(self.faults, f"{path}.{i}.{other}", [key_name, value_name])
            key = (item.children.get(key_name) or Node()).value or ""
            out[key] = self.read(shape.value, item.children.get(value_name) or Node(), f"{path}.{i}.{value_name}")
        return out


# --- XML ------------------------------------------------------------------------------------------------------------


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _namespace(tag: str) -> str:
    return tag[1:].partition("}")[0] if tag.startswith("{") else ""


def parse_xml(shape: Shape, data: bytes, faults: Faults) -> Any:
    """Reads the body of a REST-XML request, whose root element the payload's shape names."""
    try:
        root = ElementTree.fromstring(data)
    except ElementTree.ParseError as error:
        faults.note("bad-body", f"not XML: {error}")
        return Wrong(None)
    name = shape.serialization.get("name", shape.name)
    if _local(root.tag) != name:
        faults.note("bad-body", f"the root element is {_local(root.tag)}, wanted {name}")
    wanted = shape.serialization.get("xmlNamespace")
    wanted = wanted.get("uri") if isinstance(wanted, dict) else wanted
    if wanted and _namespace(root.tag) not in (wanted, wanted.rstrip("/"), wanted + "/"):
        faults.note("bad-body", f"the namespace is {_namespace(root.tag)!r}, wanted {wanted!r}")
    return from_xml(shape, root, name, faults)


def from_xml(shape: Shape, element: ElementTree.Element, path: str, faults: Faults) -> Any:
    if isinstance(shape, StructureShape):
        return _xml_structure(shape, element, path, faults)
    if isinstance(shape, ListShape):
        name = shape.member.serialization.get("name", "member")
        for other in {_local(c.tag) for c in element} - {name}:
            _unknown(faults, f"{path}.{other}", [name])
        items = [c for c in element if _local(c.tag) == name]
        return [from_xml(shape.member, item, f"{path}[{i}]", faults) for i, item in enumerate(items)]
    if isinstance(shape, MapShape):
        return _xml_map(shape, list(element), path, faults)
    if len(element):
        faults.note("wrong-type", f"{path} has elements, wanted a {shape.type_name}")
        return Wrong(None)
    return scalars.from_text(shape, element.text or "", path, faults)


def _xml_map(shape: MapShape, entries: list[ElementTree.Element], path: str, faults: Faults) -> dict[str, Any]:
    out = {}
    for entry in entries:
        parts = {_local(c.tag): c for c in entry}
        key = parts.get(shape.key.serialization.get("name", "key"))
        value = parts.get(shape.value.serialization.get("name", "value"))
        if key is None or value is None:
            faults.note("wrong-type", f"{path} has an entry with {sorted(parts)}, wanted key and value")
            continue
        out[key.text or ""] = from_xml(shape.value, value, f"{path}.{key.text}", faults)
    return out


def _xml_structure(shape: StructureShape, element: ElementTree.Element, path: str, faults: Faults) -> dict[str, Any]:
    names: dict[str, str] = {}
    attributes: dict[str, str] = {}
    for member, member_shape in shape.members.items():
        name = member_shape.serialization.get("name", member)
        if isinstance(member_shape, ListShape) and member_shape.serialization.get("flattened"):
            name = member_shape.serialization.get("name") or member_shape.member.serialization.get("name", member)
        (attributes if member_shape.serialization.get("xmlAttribute") else names)[name] = member
    out: dict[str, Any] = {}
    for key, value in element.attrib.items():
        member = next((m for n, m in attributes.items() if n.rpartition(":")[2] == _local(key)), None)
        if member is None:
            _unknown(faults, f"{path}@{key}", list(attributes))
        else:
            out[member] = scalars.from_text(shape.members[member], value, f"{path}@{key}", faults)
    for child in element:
        name = _local(child.tag)
        if name not in names:
            _unknown(faults, f"{path}.{name}", list(names))
            continue
        member = names[name]
        member_shape = shape.members[member]
        if member_shape.serialization.get("flattened") and isinstance(member_shape, ListShape):
            items = out.setdefault(member, [])
            items.append(from_xml(member_shape.member, child, f"{path}.{name}[{len(items)}]", faults))
        elif member in out:
            faults.note("wrong-type", f"{path}.{name} occurs twice")
        else:
            out[member] = from_xml(member_shape, child, f"{path}.{name}", faults)
    return out
