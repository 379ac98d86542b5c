"""What people type after the command or after our name, read kindly: quotes, spaces, case and near misses."""

import difflib
import html
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from schema.errors import Refusal
from schema.metrics import Audience
from schema.problems import nearest, quoted

MOST_TYPED: Final = 500
REFERENCE: Final = re.compile(r"<[@#!][^<>]*>")  # a person or channel that Slack's client put there
QUOTES: Final = str.maketrans(dict.fromkeys('“”„‟«»"`', "") | dict.fromkeys("‘’‚‛", "'"))
AUDIENCES: Final = {
    "exec": "executive", "execs": "executive", "executives": "executive", "management": "executive", "eng": "engineer",
    "engineers": "engineer", "engineering": "engineer", "developers": "engineer", "legal": "compliance",
    "ethics": "compliance", "audit": "compliance", "customers": "support", "customer": "support", "cs": "support",
}  # fmt: skip


class Verb(StrEnum):
    """What can be asked."""

    HELP = "help"
    BRIEF = "brief"
    EXPLAIN = "explain"
    STANDUP = "standup"
    CHECKIN = "checkin"
    LAUNCH = "launch"
    REVIEWS = "reviews"
    STATUS = "status"  # in threads
    WHY = "why"


class Mode(StrEnum):
    """What to do with a standup."""

    PREVIEW = "preview"
    NOW = "now"
    SCHEDULE = "schedule"
    SKIP = "skip"
    PAUSE = "pause"
    RESUME = "resume"
    HAND_OVER = "hand-over"


OTHER_WORDS: Final = {
    "hi": Verb.HELP, "hello": Verb.HELP, "?": Verb.HELP, "page": Verb.BRIEF, "report": Verb.BRIEF, "what": Verb.EXPLAIN,
    "define": Verb.EXPLAIN, "digest": Verb.STANDUP, "stand-up": Verb.STANDUP, "how": Verb.WHY,
    "check-in": Verb.CHECKIN, "answer": Verb.CHECKIN,
    "review": Verb.REVIEWS, "waiting": Verb.REVIEWS, "todo": Verb.REVIEWS, "release": Verb.LAUNCH,
}  # fmt: skip
WITH_MORE: Final = frozenset({Mode.SCHEDULE, Mode.SKIP, Mode.HAND_OVER})  # words may follow
OTHER_MODES: Final = {"handover": "hand-over", "unpause": "resume", "reschedule": "schedule"}
PERIOD: Final = re.compile(r"\d{4}-(?:w\d{1,2}|\d{1,2})", re.IGNORECASE)
PERSON: Final = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^<>]*)?>")
IN_COMMANDS: Final = (
    Verb.HELP, Verb.BRIEF, Verb.EXPLAIN, Verb.STANDUP, Verb.LAUNCH, Verb.CHECKIN, Verb.REVIEWS, Verb.WHY,
)  # fmt: skip
IN_THREADS: Final = (Verb.HELP, Verb.STATUS, Verb.WHY, Verb.BRIEF, Verb.EXPLAIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request in words; what was not said is None."""

    verb: Verb
    product: str | None = None
    audience: str | None = None
    metric: str | None = None
    mode: Mode | None = None
    launch: str | None = None  # an id
    period: str | None = None  # key of a week or a month, as it was typed
    rest: str = ""  # what was said besides of a standup
    person: str | None = None  # who was named, by id


def tidy(text: str) -> str:
    """Take away what clients add: entities, references, smart quotes, odd and repeated spaces."""
    plain = REFERENCE.sub(" ", html.unescape(text[:MOST_TYPED])).translate(QUOTES)
    return " ".join(plain.split()).strip(" .!")


def asked(text: str, *, verbs: Iterable[Verb] = IN_COMMANDS, command: str = "") -> Asked:
    """Read a request; raises Refusal with the nearest thing that works."""
    known = tuple(verbs)
    first, _, rest = tidy(text).partition(" ")
    if not first:
        return Asked(verb=Verb.HELP if Verb.STATUS not in known else Verb.STATUS)
    verb = _verb(first.lower(), known) or _verb(first.lower().rstrip("?"), known)
    if verb is None:
        raise Refusal(_unknown(first, known, command))
    match verb:
        case Verb.BRIEF:
            return _brief(rest)
        case Verb.EXPLAIN:
            return _explain(rest, command)
        case Verb.STANDUP:
            return replace(_standup(rest), person=_person(text))
        case Verb.HELP | Verb.REVIEWS:
            return Asked(verb=verb)
        case Verb.CHECKIN:
            return Asked(verb=verb, product=rest or None)
        case Verb.LAUNCH | Verb.STATUS | Verb.WHY:
            return Asked(verb=verb, product=rest or None, launch=rest or None)


def _verb(word: str, known: tuple[Verb, ...]) -> Verb | None:
    if word in known:
        return Verb(word)
    other = OTHER_WORDS.get(word)
    return other if other in known else None


def _unknown(word: str, known: tuple[Verb, ...], command: str) -> str:
    close = difflib.get_close_matches(word.lower(), [each.value for each in known], n=1, cutoff=0.6)
    if close:
        return f"I do not know {quoted(word)}. Did you mean `{f'{command} {close[0]}'.strip()}`?"
    shown = ", ".join(f"`{f'{command} {each.value}'.strip()}`" for each in known)
    return f"I do not know {quoted(word)}. What works: {shown}."


def _brief(rest: str) -> Asked:
    product, audience = _split(rest, "for")
    if audience is None and rest.lower().removeprefix("for ") in {*Audience, *AUDIENCES}:
        product, audience = "", rest.lower().removeprefix("for ")
    return Asked(
        verb=Verb.BRIEF, product=product or None, audience=AUDIENCES.get((audience or "").lower(), audience)
    )


def _explain(rest: str, command: str) -> Asked:
    metric, product = _split(rest.removesuffix("?"), "of")
    metric = re.sub(r"^(?:is|the|about)\s+", "", metric, flags=re.IGNORECASE)
    if not metric:
        raise Refusal(f"Which metric? Try `{f'{command} explain precision'.strip()}`.")
    return Asked(verb=Verb.EXPLAIN, metric=metric, product=product)


def _standup(rest: str) -> Asked:
    """Find what to do with a standup: the last word, the first, or for what takes more words any between."""
    words = rest.split(" ")
    named = [word for word in words if PERIOD.fullmatch(word)]
    if named and not any(_mode(word) in WITH_MORE for word in words):
        return replace(_standup(" ".join(word for word in words if word not in named)), period=named[0])
    for at in dict.fromkeys((len(words) - 1, 0, *range(1, len(words) - 1))):
        mode = _mode(words[at])
        between = 0 < at < len(words) - 1
        if mode is None or (between and mode not in WITH_MORE):
            continue
        before, after = " ".join(words[:at]), " ".join(words[at + 1 :])
        if mode in WITH_MORE:
            return Asked(verb=Verb.STANDUP, product=before or None, mode=mode, rest=after)
        return Asked(verb=Verb.STANDUP, product=before or after or None, mode=mode)
    return Asked(verb=Verb.STANDUP, product=rest or None, mode=Mode.PREVIEW)


def _mode(word: str) -> Mode | None:
    word = OTHER_MODES.get(word.lower(), word.lower())
    return Mode(word) if word in set(Mode) else None


def _person(text: str) -> str | None:
    found = PERSON.search(text)
    return found[1] if found else None


def _split(text: str, word: str) -> tuple[str, str | None]:
    """Cut at the last such word: `fraud detection for legal`."""
    before, found, after = re.sub(rf"\s+{word}\s+", "\0", f" {text} ", flags=re.IGNORECASE).rpartition("\0")
    if not found:
        return after.strip(), None
    return before.replace("\0", f" {word} ").strip(), after.strip() or None


def same(name: str) -> str:
    """Bring names of products and metrics to one spelling: `Fraud Detection` is `fraud-detection`."""
    return re.sub(r"[\s_\-]+", "-", name.strip().lower())


def choose(name: str, names: Iterable[tuple[str, str]], *, kind: str) -> str:
    """Find the key that a person means by a key or a title; raises Refusal with the nearest names.

    names   key and title of everything that the person may know of
    kind    what the names are, singular: `product`
    """
    known = list(names)
    wanted = same(name)
    for key, title in known:
        if wanted in {same(key), same(title)}:
            return key
    raise Refusal(
        f"There is no {kind} {quoted(name)}. {nearest(wanted, [key for key, _ in known], kind=f'{kind}s')}"
    )
