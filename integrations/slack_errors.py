"""What Slack's troubles mean for us, by what happens next.

IntegrationError (base.py)
├── Unavailable      nothing was written: try again later
├── RateLimited      nothing was written: try again after retry_after_s
├── Unsure           it was written or it was not: look before writing again
└── Refused          a person has to do something first; `advice` says what
    └── InvalidBlocks    our own blocks are at fault; `messages` says where
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import aiohttp

from integrations.base import Call, IntegrationError, RateLimited, Unavailable

DEFAULT_RETRY_AFTER_S = 30.0
BLOCK_ERRORS = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"})
LIMIT_ERRORS = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
# "some aspect of the operation succeeded before the error was raised" (Slack's method pages, seen 2026-11-23)
DOUBTFUL_ERRORS = frozenset({"internal_error", "fatal_error", "service_unavailable"})
PASSING_ERRORS = frozenset({"request_timeout", "team_added_to_org"})  # nothing was done; later it will be
TOKEN_ERRORS = frozenset(
    {
        "token_revoked",
        "token_expired",
        "account_inactive",
        "invalid_auth",
        "not_authed",
        "not_allowed_token_type",
    }
)

SHARED_OUTSIDE = "shared_outside"  # our own words: Slack would take it
OPEN_TO_ALL = "open_to_all"
ADVICE: Mapping[str, str] = {
    SHARED_OUTSIDE: (
        "The channel is shared with another company, and digests stay inside: name another channel for the product,"
        " or end the sharing."
    ),
    OPEN_TO_ALL: (
        "Everybody can read the channel, and the product is for the people in its roles: make it private, or name another"
        " one."
    ),
    "channel_not_found": "Muster cannot see the channel: type `/invite @Muster` in it, or name another one.",
    "not_in_channel": "Muster is not in the channel: type `/invite @Muster` in it.",
    "is_archived": "The channel is archived: open it again in its settings, or name another one.",
    "user_not_found": "Slack knows no such person: name another one.",
    "user_is_deactivated": "This person is deactivated in Slack: name another one.",
    "user_disabled": "This person is deactivated in Slack: name another one.",
    "messages_tab_disabled": "Muster may not send direct messages: switch on the Messages tab under App Home in the app's settings.",
    "msg_too_long": "The message is longer than Slack takes.",
    "metadata_too_large": "The message's metadata are larger than Slack takes.",
    "thread_not_found": "The message that the thread belongs to was deleted.",
    "message_not_found": "The message was deleted.",
}
INSTALL_AGAIN = (
    "Slack no longer takes Muster's token: install the app again in the workspace, give `muster run` the new"
    " bot token, and start it again."
)
ASK_AN_ADMIN = (
    "A rule of the workspace does not let Muster do this here: ask an admin of the workspace to allow it."
)


class Unsure(IntegrationError):  # noqa: N818 - named for what happened
    """The request went out and no answer says whether it was carried out."""


class Refused(IntegrationError):  # noqa: N818 - as above
    """Slack understood and said no; asking again changes nothing until a person acts.

    error   Slack's own word, such as not_in_channel
    advice  one sentence for a person: what is wrong and what to type or press
    """

    def __init__(self, call: Call, error: str, *, needed: str = "") -> None:
        super().__init__(call, f"refused with {error}" + (f" (needs {needed})" if needed else ""))
        self.error = error
        self.advice = advice(error, needed=needed)

    @property
    def everywhere(self) -> bool:
        """Tell whether nothing at all can be done with this token."""
        return self.error in TOKEN_ERRORS


class InvalidBlocks(Refused):
    """The blocks are not as Slack wants them.

    messages  Slack's own sentences, each with the place in the blocks
    """

    def __init__(self, call: Call, error: str, *, messages: Sequence[str]) -> None:
        super().__init__(call, error)
        self.messages = tuple(messages)


def advice(error: str, *, needed: str = "") -> str:
    """Say to a person what would help against an error of Slack's."""
    if error in TOKEN_ERRORS:
        return INSTALL_AGAIN
    if error in BLOCK_ERRORS:
        return f"Slack refused the layout of a message (`{error}`): tell who runs Muster; its log says where."
    if error == "missing_scope":
        scope = f"the scope `{needed}`" if needed else "a scope"
        return (
            f"Muster lacks {scope}: add it under OAuth & Permissions in the app's settings,"
            " then install the app again."
        )
    if error.startswith("restricted_action") or error in {"access_denied", "team_access_not_granted"}:
        return ASK_AN_ADMIN
    return ADVICE.get(error, f"Slack refused with `{error}`.")


def trouble(error: IntegrationError) -> str:
    """Say to a person why nothing came of a call, as part of a sentence; the log has the call and the answer."""
    return "Slack asked Muster to wait" if isinstance(error, RateLimited) else "Slack did not answer"


def judged(
    call: Call, *, status: int, headers: Mapping[str, str], body: object, writes: bool
) -> IntegrationError:
    """Find the family of an answer that was not ok.

    body    the parsed JSON; a string when Slack sent something else (SLACK.md 215), and then only the status counts
    writes  whether the call changes something, so that a doubtful end is Unsure
    """
    answer: Mapping[str, Any] = body if isinstance(body, dict) else {}
    error = str(answer.get("error") or "")
    if status == HTTPStatus.TOO_MANY_REQUESTS or error in LIMIT_ERRORS:
        return RateLimited(call, "too many requests", retry_after_s=_retry_after_s(headers))
    if error in PASSING_ERRORS:
        return Unavailable(call, f"not ready ({error})")
    if not error or error in DOUBTFUL_ERRORS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return doubtful(call, f"no usable answer ({error or f'HTTP {status}'})", writes=writes)
    if error in BLOCK_ERRORS:
        return InvalidBlocks(call, error, messages=_messages(answer))
    return Refused(call, error, needed=str(answer.get("needed") or ""))


def doubtful(call: Call, what: str, *, writes: bool) -> IntegrationError:
    """Say that no answer tells what became of a call; a read can simply be asked again."""
    return Unsure(call, what) if writes else Unavailable(call, what)


def lost(error: Exception, call: Call, *, writes: bool) -> IntegrationError:
    """Tell a request that never left from one whose answer was lost."""
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError | aiohttp.InvalidURL):
        return Unavailable(call, "no connection")
    if isinstance(error, TimeoutError):
        return doubtful(call, "no answer in time", writes=writes)
    return doubtful(call, "the connection broke off", writes=writes)


def _messages(answer: Mapping[str, Any]) -> list[str]:
    metadata = answer.get("response_metadata")
    told = (metadata.get("messages") if isinstance(metadata, dict) else None) or answer.get("errors") or ()
    return [str(message) for message in told] if isinstance(told, list) else []


def _retry_after_s(headers: Mapping[str, str]) -> float:
    text = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    return float(text[:9]) if text.isdecimal() else DEFAULT_RETRY_AFTER_S
