"""What listeners work with, built once by the composition root."""

from collections.abc import Callable
from dataclasses import dataclass, field

from handlers.listeners.ids import COMMAND
from handlers.listeners.tasks import Tasks
from handlers.readers import Directory
from handlers.services import Services
from integrations.slack import Slack


def nobody_sleeps() -> None:
    """Wake nobody: whoever sends looks by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Everything a listener may reach.

    wake     told when there is something new to send
    command  how people call us here
    """

    services: Services
    slack: Slack
    directory: Directory
    tasks: Tasks = field(default_factory=Tasks)
    wake: Callable[[], None] = nobody_sleeps
    command: str = COMMAND
