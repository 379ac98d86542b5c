"""Every name under which Slack calls us, each written once."""

from enum import StrEnum
from typing import Final

COMMAND: Final = "/muster"


class Action(StrEnum):
    """Buttons; old messages keep theirs for ever, so a name is never given to something else."""

    SHARE = "brief_share"
    OTHER_READER = "brief_other_reader"
    HOW = "receipts_open"
    REVIEW = "items_review"
    WHY = "launch_why"
    MORE = "launch_more"
    EVIDENCE = "evidence_add"
    CHECKIN = "checkin_open"
    CHECKIN_SKIP = "checkin_skip"
    CHECKIN_AWAY = "checkin_away"
    CHECKIN_WHOLE = "checkin_whole"
    SCHEDULE = "schedule_change"
    SKIP = "standup_skip"


class Callback(StrEnum):
    """Modals that are submitted."""

    READER = "reader_chosen"
    LAUNCH = "launch_asked"
    REVISION = "revision_asked"
    ITEMS = "items_answered"
    EVIDENCE = "evidence_given"
    VERB = "verb_chosen"
    DONE = "launch_done"
    CHECKIN = "checkin_answered"
    CHECKIN_ANYWAY = "checkin_anyway"
    SCHEDULE = "schedule_changed"
    SKIP = "standup_skipped"


class Field(StrEnum):
    """Inputs of modals; the block and its element have one name."""

    PRODUCT = "product"
    AUDIENCE = "audience"
    TITLE = "title"
    DUE_ON = "due_on"
    RISKS = "risks"
    REASON = "reason"
    VERB = "verb"
    ITEM = "item"
    OBJECTION = "objection"
    OWNER = "owner"
    METRIC = "metric"
    INCIDENT = "incident"
    HOURS = "hours"
    TIER = "tier"
    COLLEAGUE = "colleague"
    ROLES = "roles"
    STARTS_ON = "starts_on"
    ENDS_ON = "ends_on"
    VALUE = "value"
    MEASURED = "measured"
    LINK = "link"
    DIGEST = "digest"
    DATED = "dated"
    CHANGED = "changed"
    LEARNED = "learned"
    STILL = "still"
    BLOCKER = "blocker"
    UNBLOCKER = "unblocker"
    HOLDS_UP = "holds_up"
    DECISION = "decision"
    DECISION_METRIC = "decision_metric"
    DAY = "day"
    AT = "at"
    ZONE = "zone"
    EVERY = "every"
    HOLIDAYS = "holidays"
    ROSTER = "roster"
    ASK_AT = "ask_at"
    DEADLINE = "deadline"


class Event(StrEnum):
    """Events, as a manifest subscribes to them."""

    MENTION = "app_mention"
    HOME = "app_home_opened"
    DIRECT_MESSAGE = "message.im"
    JOINED = "member_joined_channel"
    GROUP_CHANGED = "subteam_members_changed"
    GROUP_UPDATED = "subteam_updated"
    PERSON_CHANGED = "user_change"
