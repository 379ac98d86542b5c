"""RFC 6962 Merkle trees over the ledger's event hashes: root, proof that one is in, proof that one only grew."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

Peaks: TypeAlias = tuple[bytes, ...]  # roots of the full subtrees that a tree is made of, largest first

EMPTY: Final = hashlib.sha256(b"").digest()


def leaf(data: bytes) -> bytes:
    """Hash what a leaf holds."""
    return hashlib.sha256(b"\0" + data).digest()


def joined(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees into one."""
    return hashlib.sha256(b"\1" + left + right).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """Give the root over leaf hashes."""
    return root_of(grown((), 0, leaves))


def grown(peaks: Peaks, size: int, leaves: Iterable[bytes]) -> Peaks:
    """Add leaves to a tree of which only the peaks are kept; costs two hashes a leaf however large the tree is."""
    stack = list(peaks)
    for each in leaves:
        stack.append(each)
        carry = size
        while carry & 1:
            right = stack.pop()
            stack.append(joined(stack.pop(), right))
            carry >>= 1
        size += 1
    return tuple(stack)


def root_of(peaks: Peaks) -> bytes:
    """Give the root of a tree from its peaks."""
    if not peaks:
        return EMPTY
    result = peaks[-1]
    for peak in reversed(peaks[:-1]):
        result = joined(peak, result)
    return result


def proofs(leaves: Sequence[bytes], wanted: Iterable[int]) -> dict[int, tuple[bytes, ...]]:
    """Prove for each wanted index (from 0) that its leaf is in the tree; the levels are built once for all."""
    levels = _levels(leaves)
    return {index: _path(levels, index) for index in wanted}


def _levels(leaves: Sequence[bytes]) -> list[list[bytes]]:
    # a node without a partner moves up as it is; this gives the same tree as RFC 6962's split at powers of two
    levels = [list(leaves)]
    while len(levels[-1]) > 1:
        below = levels[-1]
        level = [joined(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)]
        levels.append(level + below[len(below) & ~1 :])
    return levels


def _path(levels: Sequence[Sequence[bytes]], index: int) -> tuple[bytes, ...]:
    if not 0 <= index < len(levels[0]):
        raise IndexError(f"no leaf {index} in a tree of {len(levels[0])}")
    path = []
    for level in levels[:-1]:
        partner = index ^ 1
        if partner < len(level):
            path.append(level[partner])
        index >>= 1
    return tuple(path)


def led_to(path: Sequence[bytes], *, leaf: bytes, index: int, size: int) -> bytes | None:
    """Give the root that a proof leads to (RFC 9162, 2.1.3.2); None when its length cannot be right."""
    if not 0 <= index < size:
        return None
    node, last, result = index, size - 1, leaf
    for each in path:
        if last == 0:
            return None
        if node & 1 or node == last:
            result = joined(each, result)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            result = joined(result, each)
        node, last = node >> 1, last >> 1
    return result if last == 0 else None
