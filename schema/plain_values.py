"""Values that people type: safe text, Slack's ids, time zones and currencies."""

import re
import unicodedata
from collections.abc import Callable
from datetime import date, time
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, TypeAlias
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator

from schema.problems import mistake, nearest, quoted
from schema.public_holidays import known, nearest_code

TITLE_CHARACTERS = 80
SENTENCE_CHARACTERS = 300
_OVERRIDES = frozenset(
    "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)  # they reorder text around them

CURRENCIES = frozenset(  # ISO 4217, list of current currencies
    """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP
    CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF
    IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD
    MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB
    RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD
    UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
    """.split()  # noqa: SIM905 - one line a dozen reads better than a column of codes
)


def unsafe(text: str) -> str | None:
    """Say what in a text cannot be shown safely on one line; None when nothing is."""
    if text.isascii() and text.isprintable():
        return None
    for char in text:
        kind = unicodedata.category(char)
        if kind == "Cs":
            return "half of a character (a lone surrogate)"
        if kind in {"Cc", "Zl", "Zp"}:
            return "a line break or another control character"
        if char in _OVERRIDES:
            return "a mark that reverses the direction of the text around it"
    return None


def _plain(most: int) -> Callable[[str], str]:
    def check(text: str) -> str:
        found = unsafe(text)
        if found:
            raise mistake(f"The text holds {found}.", "Write plain text on one line.")
        if not text.strip():
            raise mistake("The text is empty.", "Write at least one word.")
        if len(text) > most:
            raise mistake(f"The text has {len(text):,} characters.", f"At most {most} fit.")
        return text

    return check


def _channel(value: str) -> str:
    if re.fullmatch(r"[CG][A-Z0-9]{5,20}", value):
        return value
    found = (
        "is the name of a channel, and names change"
        if re.fullmatch(r"#?[^A-Z\s]+", value)
        else "is no channel id"
    )
    works = "Open the channel's details in Slack and copy its id from the bottom, such as `C0123ABCD45`."
    raise mistake(f"{quoted(value)} {found}.", works)


def _user(value: str) -> str:
    if re.fullmatch(r"[UW][A-Z0-9]{5,20}", value):
        return value
    works = "Open the person's profile in Slack, then More, Copy member ID, such as `U0123ABCD45`."
    raise mistake(f"{quoted(value)} is no member id.", works)


def _holder(value: str) -> str:
    if re.fullmatch(r"[UWS][A-Z0-9]{5,20}", value):
        return value
    works = "Write a member id such as `U0123ABCD45`, or a user group's id such as `S0123ABCD45`."
    raise mistake(f"{quoted(value)} is neither a person nor a user group.", works)


def _team(value: str) -> str:
    if re.fullmatch(r"[TE][A-Z0-9]{5,20}", value):
        return value
    raise mistake(
        f"{quoted(value)} is no workspace id.", "It starts with T, such as `T0123ABCD45`; or leave it out."
    )


@lru_cache(maxsize=1)
def zones() -> frozenset[str]:
    """Name every time zone of the tz database."""
    return frozenset(available_timezones())


def _zone(value: str) -> str:
    if value in zones():
        return value
    raise mistake(f"There is no time zone {quoted(value)}.", _nearest_zone(value))


def _nearest_zone(value: str) -> str:
    spelt = value.strip().replace(" ", "_").lower()
    ends = [zone for zone in zones() if spelt and zone.lower().endswith(f"/{spelt}")]
    return (
        nearest(value, ends or zones(), kind="time zones")
        if not ends
        else f"Did you mean {quoted(min(ends))}?"
    )


def _currency(value: str) -> str:
    if value in CURRENCIES:
        return value
    works = nearest(value, CURRENCIES, kind="currencies")
    raise mistake(f"{quoted(value)} is no currency code.", works)


def _day(value: object) -> object:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise mistake(f"{quoted(value)} is no day.", "Write it as 2026-05-04.") from None
    if type(value) is date:
        return value
    raise mistake(f"{quoted(value)} is no day.", "Write it as 2026-05-04.")


_LOOSE_TIME = re.compile(r"(\d{1,2})(?:[:.h ]?(\d{2}))?\s*(am|pm)?(?: ?h| o'clock)?")


def _time(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        return time.fromisoformat(value)
    if type(value) is time:
        return value
    raise mistake(f"{quoted(value)} is no time of day.", _nearest_time(str(value)))


def _nearest_time(value: str) -> str:
    found = _LOOSE_TIME.fullmatch(value.strip().lower())
    if found:
        hours, minutes = int(found[1]), int(found[2] or 0)
        if found[3] and 1 <= hours <= 12:
            hours = hours % 12 + 12 * (found[3] == "pm")
        if hours < 24 and minutes < 60:
            return f'Did you mean "{hours:02d}:{minutes:02d}"?'
    return 'Write hours from 00 to 23 and minutes in quotes, such as "09:30".'


def _holidays(value: str) -> str:
    if value and known(value):
        return value
    raise mistake(f"No holidays are known of {quoted(value)}.", nearest_code(value))


def _emoji(value: str) -> str:
    if re.fullmatch(r":[a-z0-9_+'-]+:", value):
        return value
    bare = value.strip(": ").lower()
    near = f"Did you mean `:{bare}:`?" if re.fullmatch(r"[a-z0-9_+'-]+", bare) else ""
    raise mistake(f"{quoted(value)} is no emoji's name.", near or "Write its name, such as `:palm_tree:`.")


def _number(value: object) -> object:
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return value
    raise mistake(
        f"{quoted(value)} is no number.", "Write digits, with a point for decimals and without quotes."
    )


OneLine: TypeAlias = Annotated[str, AfterValidator(_plain(TITLE_CHARACTERS))]
Sentence: TypeAlias = Annotated[str, AfterValidator(_plain(SENTENCE_CHARACTERS))]
ChannelId: TypeAlias = Annotated[str, AfterValidator(_channel)]
UserId: TypeAlias = Annotated[str, AfterValidator(_user)]
Holder: TypeAlias = Annotated[str, AfterValidator(_holder)]  # a person or a user group
TeamId: TypeAlias = Annotated[str, AfterValidator(_team)]
ZoneName: TypeAlias = Annotated[str, AfterValidator(_zone)]
Currency: TypeAlias = Annotated[str, AfterValidator(_currency)]
Day: TypeAlias = Annotated[date, BeforeValidator(_day)]
WallTime: TypeAlias = Annotated[time, BeforeValidator(_time)]
Holidays: TypeAlias = Annotated[str, AfterValidator(_holidays)]  # a country or its part: `DE`, `DE-BE`
Emoji: TypeAlias = Annotated[str, AfterValidator(_emoji)]  # by name: `:palm_tree:`
Number: TypeAlias = Annotated[Decimal, BeforeValidator(_number)]
