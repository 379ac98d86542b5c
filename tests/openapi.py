"""The gate's API as `deploy/openapi.yaml` describes it, and a small reader of JSON Schema that holds answers to it."""

import re
from pathlib import Path

from bot.files import load_yaml

DOCUMENT = load_yaml(Path(__file__).parent.parent / "deploy" / "openapi.yaml").document
KINDS = {
    "string": str, "integer": int, "boolean": bool, "object": dict, "array": list, "null": type(None),
}  # fmt: skip
SAID_ONLY = {"description", "examples", "default"}
KNOWN = SAID_ONLY | {
    "type", "enum", "pattern", "required", "properties", "additionalProperties", "items", "oneOf", "allOf",
    "unevaluatedProperties", "$ref",
}  # fmt: skip


def resolved(node):
    """Follow references."""
    while "$ref" in node:
        found = DOCUMENT
        for name in node["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        node = found
    return node


def wrong(value, schema, place="answer"):
    """Say everything in which a value is not what the schema says."""
    schema = resolved(schema)
    assert schema.keys() <= KNOWN, f"{place}: the test cannot read {schema.keys() - KNOWN}"
    kinds = schema.get("type")
    if kinds is not None and not _is(value, [kinds] if isinstance(kinds, str) else kinds):
        return [f"{place} is no {kinds}: {value!r}"]
    found = [
        f"{place} is not one of {schema['enum']}: {value!r}"
        for _ in [0]
        if value not in schema.get("enum", [value])
    ]
    if "pattern" in schema and not re.search(schema["pattern"], value):
        found.append(f"{place} is not written as {schema['pattern']}: {value!r}")
    for each in schema.get("allOf", ()):
        found += wrong(value, each, place)
    if "oneOf" in schema and sum(not wrong(value, each, place) for each in schema["oneOf"]) != 1:
        found.append(f"{place} is none or several of its kinds: {value!r}")
    if isinstance(value, dict):
        found += _wrong_object(value, schema, place)
    if isinstance(value, list) and "items" in schema:
        found += [
            each for n, part in enumerate(value) for each in wrong(part, schema["items"], f"{place}[{n}]")
        ]
    return found


def _is(value, kinds):
    return any(type(value) is KINDS[kind] for kind in kinds)


def _wrong_object(value, schema, place):
    known = properties(schema)
    found = [f"{place} lacks {name}" for name in schema.get("required", ()) if name not in value]
    for name, each in schema.get("properties", {}).items():
        if name in value:
            found += wrong(value[name], each, f"{place}.{name}")
    more = schema.get("additionalProperties", schema.get("unevaluatedProperties", True))
    for name in value.keys() - known:
        if more is False:
            found.append(f"{place} has {name} besides")
        elif isinstance(more, dict):
            found += wrong(value[name], more, f"{place}.{name}")
    return found


def properties(schema):
    """Name what an object may hold."""
    schema = resolved(schema)
    mine = set(schema.get("properties", {}))
    return mine.union(*(properties(each) for each in schema.get("allOf", ())))


def response(method, path, status):
    """Give the schema of an answer."""
    found = resolved(DOCUMENT["paths"][path][method]["responses"][str(status)])
    return found["content"]["application/json"]["schema"]


def request(path):
    """Give the schema of what is sent."""
    return DOCUMENT["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
