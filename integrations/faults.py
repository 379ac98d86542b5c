"""Short names for faults, told to people and logged, so that one finds the other."""

import secrets
from typing import Final

LETTERS: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # none that looks like another


def new_reference() -> str:
    """Make a short name for a fault, to be told and logged."""
    return "M-" + "".join(secrets.choice(LETTERS) for _ in range(4))
