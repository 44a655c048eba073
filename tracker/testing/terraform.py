"""Terraform's files as blocks, and which names their expressions use. `terraform validate` needs the provider, which a
machine without the internet has not; that names resolve can be said without."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import hcl2

NAMES = re.compile(
    r"(?<![\w.])(?:(?P<simple>var|local)\.(?P<name>\w+)"
    r"|(?P<kind>data|ephemeral)\.(?P<type>\w+)\.(?P<label>\w+)"
    r"|(?P<resource>(?:aws|random)_\w+)\.(?P<resource_label>\w+))"
)


@dataclass(frozen=True, slots=True)
class Block:
    """One block: `address` is how expressions call it, such as var.name, local.zones or aws_vpc.main."""

    file: str
    address: str
    body: Any


@cache
def read_blocks(directory: Path) -> tuple[Block, ...]:
    """Every block of every file in a directory."""
    return tuple(block for path in sorted(directory.glob("*.tf")) for block in read_text(path.name, path.read_text()))


def read_text(file: str, text: str) -> Iterator[Block]:
    """The blocks of one file."""
    for kind, items in hcl2.loads(text).items():
        for item in () if kind.startswith("__") else items:
            if isinstance(item, dict):
                yield from _name_blocks(file, kind, item)


def find_names(value: Any) -> Iterator[str]:
    """The addresses that a value's expressions use; what stands in plain text is none."""
    for text in walk_texts(value):
        for match in NAMES.finditer(keep_expressions(text)):
            found = match.groupdict()
            if found["simple"]:
                yield f"{found['simple']}.{found['name']}"
            elif found["kind"]:
                yield f"{found['kind']}.{found['type']}.{found['label']}"
            else:
                yield f"{found['resource']}.{found['resource_label']}"


def walk_texts(value: Any) -> Iterator[str]:
    """Every text inside a value, keys of maps included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from walk_texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from walk_texts(item)


def keep_expressions(text: str) -> str:
    """`text` without its literals: what stands between quotes goes, what stands in `${…}` between them stays."""
    if not text.startswith(('"', "${")):
        return ""
    kept, inside = [], ["expression" if text[0] == '"' else "literal"]
    position = 0
    while position < len(text):
        character, pair = text[position], text[position : position + 2]
        if inside[-1] == "literal":
            if pair in ("$$", '\\"', "\\\\"):
                position += 1
            elif pair == "${":
                inside.append("expression")
                position += 1
            elif character == '"' and len(inside) > 1:
                inside.pop()
        elif character == '"':
            inside.append("literal")
            kept.append(" ")
        elif character in "{}":
            inside.append("expression") if character == "{" else inside.pop()
            kept.append(" ")
        else:
            kept.append(character)
        position += 1
    return "".join(kept)


def plain(value: Any) -> Any:
    """A value without the quotes that the parser leaves around its texts."""
    if isinstance(value, str):
        return value[1:-1] if value.startswith('"') and value.endswith('"') else value
    if isinstance(value, dict):
        return {plain(key): plain(item) for key, item in value.items() if not key.startswith("__")}
    return [plain(item) for item in value] if isinstance(value, list) else value


def _name_blocks(file: str, kind: str, item: dict[str, Any]) -> Iterator[Block]:
    if kind == "locals":
        yield from (Block(file, f"local.{name}", body) for name, body in item.items() if not name.startswith("__"))
    elif kind in ("resource", "data", "ephemeral"):
        for type_name, labelled in item.items():
            for label, body in labelled.items():
                prefix = "" if kind == "resource" else f"{kind}."
                yield Block(file, f"{prefix}{plain(type_name)}.{plain(label)}", body)
    elif kind in ("variable", "output"):
        prefix = "var" if kind == "variable" else "output"
        yield from (Block(file, f"{prefix}.{plain(name)}", body) for name, body in item.items())
    else:
        yield Block(file, kind, item)
