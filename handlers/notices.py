"""What owners are told when a delivery goes wrong: one sentence each on what happened and what to do."""

from datetime import datetime, timedelta

from handlers.views.receipts import slack_time
from schema.deliveries import Delivery, DeliveryState

MINUTES_A_DAY = 24 * 60


def spoken(span: timedelta) -> str:
    """Say a span of time in at most two units."""
    minutes = max(1, round(span.total_seconds() / 60))
    days, rest = divmod(minutes, MINUTES_A_DAY)
    hours, minutes = divmod(rest, 60)
    named = ((days, "d"), (hours, "h"), (minutes, "min"))
    return " ".join(f"{count} {unit}" for count, unit in [n for n in named if n[0]][:2])


def late(span: timedelta, why: str) -> str:
    """Fill the line that a frozen post keeps free."""
    return f"Late by {spoken(span)} because {why}."


def named(delivery: Delivery) -> str:
    """Name a delivery for its owner."""
    return f"the {delivery.kind} of {delivery.product} in <#{delivery.channel}>"


def ended(delivery: Delivery) -> str:
    """Tell the owner how a delivery ended that did not go well."""
    again = f"type `/muster standup {delivery.product} now`"
    reason = (delivery.last_reason or "").strip()
    if delivery.state is DeliveryState.UNKNOWN:
        return (
            f"Muster does not know whether {named(delivery)} is there, and cannot look. {reason}"
            f" Look into the channel: only if something is missing there, {again}. Muster then looks first, and"
            " where it still cannot, posts that part when the same is typed once more."
        )
    return f"Muster could not post {named(delivery)}. {reason} Then {again}."


def skipped(delivery: Delivery) -> str:
    """Tell the owner that something was prepared and is not posted."""
    return f"Muster did not post {named(delivery)}: {delivery.last_reason}"


def shared_outside(channel: str) -> str:
    return (
        f"<#{channel}> is shared with another company, and digests stay inside: name another channel for the"
        " product, or end the sharing."
    )


def too_late(span: timedelta) -> str:
    return f"It was due {spoken(span)} ago, which is too late to post it unasked."


def waiting(delivery: Delivery, reason: str | None, *, until: datetime) -> str:
    """Tell the owner that a post is kept and tried on."""
    return (
        f"Muster has tried for a quarter of an hour to post {named(delivery)}. {reason or 'Slack did not take it.'}"
        f" It goes on trying until {slack_time(until)} and then posts it late; you need do nothing."
    )


def given_up(reason: str | None) -> str:
    tried = reason or "Slack did not take it."
    return f"Muster tried for a quarter of an hour and more: {tried}"


def missing(*, kind: str, product: str, channel: str, state: str, due: str) -> str:
    """Tell the owner that something was due and is not there."""
    return (
        f"The {kind} of {product} was due in <#{channel}> ({due}) and is not there: it is {state}."
        f" To post it, type `/muster standup {product} now`."
    )
