"""What a rehearsal is to try, and what came of it."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

FACTOR = 20.0
FACTOR_MOST = 100.0  # from there on the machine's own pauses are as long as the waits
SENDS = 2_000
SENDS_MOST = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """How a rehearsal is wanted.

    config  a muster.yaml; None: the demo's
    sends   messages that are owed, digests and others together
    factor  divides every wait of Muster's, and every fault and limit of the local Slack's
    kill    whether the process is killed at every named step
    """

    config: Path | None = None
    sends: int = SENDS
    factor: float = FACTOR
    kill: bool = True
    seed: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What came of every message: each planned one was sent, lost, or is known to be unknown.

    sent      it stands where it belongs, and Muster knows
    lost      it does not, and Muster says nothing of it
    doubled   messages too many
    unknown   Muster says that it cannot tell, and has asked the owner
    kills     by the step that they fell on
    faults    by kind, as they struck
    pause_s   how long this machine stood still at most; not divided
    """

    factor: float
    planned: int
    sent: int
    lost: int
    doubled: int
    unknown: int
    kills: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    missed: tuple[str, ...] = ()  # steps that never came
    pause_s: float = 0.0

    @property
    def sound(self) -> bool:
        """Tell whether every message was posted once, or is known to be unknown."""
        return self.lost == 0 and self.doubled == 0
