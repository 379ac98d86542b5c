"""Manifests as people and pipelines name them: a file that lists the parts, or the digest of one."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from bot.files import load_yaml
from schema.errors import Refusal
from schema.manifests import PARTS, pinned

DIGEST: Final = re.compile(r"(?:sha256:)?([0-9a-f]{64})")


def digest_of(named: str) -> str:
    """Give a manifest's digest; raises Refusal for a file that holds none, and Declined for parts that move."""
    found = DIGEST.fullmatch(named.strip().lower())
    return found[1] if found else _from_file(Path(named))


def _from_file(path: Path) -> str:
    loaded = load_yaml(path, as_written=True)
    if loaded.problems:
        if not path.is_file():
            raise Refusal(
                f"There is no manifest “{path}”; name a file, or the 64 digits that the launch's card shows."
            )
        raise Refusal(f"The manifest “{path}” cannot be read: {loaded.problems[0].what}")
    written = loaded.document
    listed = written.get("manifest", written) if isinstance(written, Mapping) else None
    if not isinstance(listed, Mapping):
        raise Refusal(f"The manifest “{path}” must hold {', '.join(PARTS)}, a line each.")
    return pinned({str(name): _text(value) for name, value in listed.items()}).digest


def _text(value: object) -> str | list[str]:
    if isinstance(value, list):
        return [str(each) for each in value]
    return "" if value is None else str(value)
