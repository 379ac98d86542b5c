"""Every name under which Slack calls us, each written once."""

from enum import StrEnum
from typing import Final

COMMAND: Final = "/muster"


class Action(StrEnum):
    """Buttons; old messages keep theirs for ever, so a name is never given to something else."""

    SHARE = "brief_share"
    OTHER_READER = "brief_other_reader"
    HOW = "receipts_open"


class Callback(StrEnum):
    """Modals that are submitted."""

    READER = "reader_chosen"


class Field(StrEnum):
    """Inputs of modals; the block and its element have one name."""

    PRODUCT = "product"
    AUDIENCE = "audience"


class Event(StrEnum):
    """Events, as a manifest subscribes to them."""

    MENTION = "app_mention"
    HOME = "app_home_opened"
    DIRECT_MESSAGE = "message.im"
    JOINED = "member_joined_channel"
    GROUP_CHANGED = "subteam_members_changed"
    GROUP_UPDATED = "subteam_updated"
    PERSON_CHANGED = "user_change"
