"""When people work and when they are away, as muster.yaml, their product and Slack say it."""

from datetime import date, time

import pytest

from schema.deadlines import business_day_before, is_business_day
from schema.people import AWAY_EMOJI, Away, is_away, worker_of
from tests import builders

MONDAY = date(2026, 11, 23)
FRAUD = {"holidays": "DE-BE", "standup": {"on": "monday", "at": "09:30", "roster": [builders.ANA]}}


def read(people=None, **edits):
    document = builders.document(fraud_detection=FRAUD | edits)
    return builders.configuration(document | ({"people": people} if people else {}))


def worker(line=None, **known):
    found = read({builders.ANA: line} if line is not None else None)
    return worker_of(builders.ANA, found.products["fraud-detection"], found.people, **known)


def test_who_says_nothing_works_as_the_product_does():
    ana = worker()

    assert (ana.zone.key, ana.holidays, ana.ask_at) == ("UTC", "DE-BE", time(10))
    assert ana.works_on(MONDAY)
    assert not ana.works_on(date(2026, 11, 22))
    assert is_away(ana, date(2027, 3, 8)) is Away.HOLIDAY  # of Berlin alone


def test_a_persons_own_line_goes_before_slack_and_slack_before_the_product():
    assert worker({"zone": "Europe/Lisbon"}, slack_zone="Asia/Tokyo").zone.key == "Europe/Lisbon"
    assert worker({}, slack_zone="Asia/Tokyo").zone.key == "Asia/Tokyo"
    assert worker({}, slack_zone="Mars/Olympus").zone.key == "UTC"
    assert worker({"ask_at": "08:15"}).ask_at == time(8, 15)


def test_a_person_has_days_and_holidays_of_their_own():
    ana = worker({"days": ["sunday", "monday"], "holidays": "PT"})

    assert ana.works_on(date(2026, 11, 22))
    assert not ana.works_on(date(2026, 11, 24))
    assert ana.works_on(date(2027, 3, 8))
    assert is_away(ana, date(2026, 12, 1)) is Away.HOLIDAY  # in Portugal alone


def test_both_ends_of_an_absence_belong_to_it():
    ana = worker({"away": [{"from": "2026-11-24", "until": "2026-11-25"}]})

    away = {day: is_away(ana, date(2026, 11, day)) for day in range(23, 27)}

    assert away == {23: None, 24: Away.ABSENCE, 25: Away.ABSENCE, 26: None}
    assert not ana.works_on(date(2026, 11, 24))


def test_what_an_empty_status_means_is_said_once_for_the_workspace():
    assert read().workspace.away_emoji == AWAY_EMOJI
    document = builders.document() | {"workspace": {"name": "Acme", "away_emoji": [":sloth:"]}}
    assert builders.configuration(document).workspace.away_emoji == (":sloth:",)


@pytest.mark.parametrize(
    ("day", "country", "works"),
    [
        (date(2026, 11, 22), "IL", True),  # people in Israel work on Sundays
        (date(2026, 11, 20), "IL", False),
        (date(2026, 6, 4), "DE-BY", False),  # Corpus Christi is kept in Bavaria
        (date(2026, 6, 4), "DE-BE", True),
        (date(2026, 6, 4), "DE", True),
        (date(2026, 6, 4), "", True),
    ],
)
def test_business_days_are_those_of_the_country_and_of_its_part(day, country, works):
    assert is_business_day(day, country) is works


def test_the_business_day_before_leaves_out_weekends_and_holidays():
    assert business_day_before(date(2026, 12, 28), "DE") == date(2026, 12, 24)
    assert business_day_before(date(2026, 12, 28)) == date(2026, 12, 25)
