"""The file that holds the key which signs checkpoints."""

import logging
import os
import stat
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schema.checkpoints import PublicKey, SigningKey
from schema.errors import Refusal

log = logging.getLogger(__name__)
ONLY_MINE = 0o600
OTHERS = stat.S_IRWXG | stat.S_IRWXO
SHOWN_TO_ALL = 0o644


def public_path(path: Path) -> Path:
    """Say where the public half of a key file lies."""
    return path.with_name(f"{path.name}.pub")


def new(path: Path) -> PublicKey:
    """Write a new key, readable by its owner only, and its public half beside it; never over another file."""
    private = Ed25519PrivateKey.generate()
    public = SigningKey(private).public
    if public_path(path).exists():
        raise _taken(public_path(path))
    _write(path, _pem(private), mode=ONLY_MINE)
    _write(public_path(path), public.pem.encode(), mode=SHOWN_TO_ALL)
    return public


def load(path: Path) -> SigningKey:
    """Read a key file; the text of a refusal never holds what stands in it."""
    try:
        written = path.read_bytes()
    except OSError as error:
        reason = error.strerror or "not readable"
        raise Refusal(
            f"The key {path} cannot be read ({reason}). Make one with `muster key new {path}`."
        ) from None
    if path.stat().st_mode & OTHERS:
        log.warning("key_readable_by_others", extra={"path": str(path)})
    try:
        key = serialization.load_pem_private_key(written, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise _no_key(path) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise _no_key(path)
    return SigningKey(key)


def _pem(private: Ed25519PrivateKey) -> bytes:
    return private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes, *, mode: int) -> None:
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
    except FileExistsError:
        raise _taken(path) from None
    except OSError as error:
        raise Refusal(f"{path} cannot be written ({error.strerror}). Give a folder that is there.") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def _taken(path: Path) -> Refusal:
    return Refusal(f"{path} is there already and is not overwritten. Give another file name.")


def _no_key(path: Path) -> Refusal:
    return Refusal(
        f"{path} holds no unencrypted Ed25519 key in PEM. Make one with `muster key new` and another file name."
    )
