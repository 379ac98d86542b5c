"""The shape of muster.yaml: what it may say, and every mistake at once with its line."""

import copy
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.files import (
    LARGEST_FILE,
    Secrets,
    catalogue,
    check_text,
    load_yaml,
    nouns,
    read_text,
)
from handlers.configuration import yaml_text
from schema.configuration.own_metrics import read_own_metrics
from schema.configuration.product_rules import must_state_matters
from schema.configuration.reading import Configuration, problems_in, read_configuration
from schema.errors import Refusal
from schema.metrics import Metric
from schema.periods import Period
from schema.problems import Findings, Problem, Severity, nearest
from schema.products import NOUNS, Product, Role, Target
from schema.statistics.certainty import Interval

HERE = Path(__file__).parent / "answers" / "configuration"
WHOLE = HERE / "whole.yaml"
TODAY = date(2026, 11, 23)
CATALOGUE = catalogue()
PRODUCT = ("products", "fraud-detection")
METRIC = (*PRODUCT, "metrics", "precision")
ABSENT = object()


DOCUMENT = load_yaml(WHOLE).document


def whole() -> dict:
    return copy.deepcopy(DOCUMENT)


def with_(*edits) -> dict:
    """The sound document with (path, value) edits; ABSENT takes the key away."""
    document = whole()
    for path, value in edits:
        around = document
        for part in path[:-1]:
            around = around[part]
        if value is ABSENT:
            del around[path[-1]]
        elif isinstance(around, list) and path[-1] == len(around):
            around.append(value)
        else:
            around[path[-1]] = value
    return document


def read(document) -> Configuration:
    result = read_configuration(document, catalogue=CATALOGUE, today=TODAY)
    assert isinstance(result, Configuration), [problem.sentence for problem in result]
    return result


def said(document) -> list[str]:
    return [problem.sentence for problem in problems_in(document, catalogue=CATALOGUE, today=TODAY)]


def product(*edits) -> Product:
    return read(with_(*edits)).products["fraud-detection"]


def test_a_file_with_every_part_reads_without_a_word():
    assert check_text(WHOLE, catalogue=CATALOGUE, today=TODAY) == []


def test_a_file_with_thirty_mistakes_is_told_all_of_them_in_its_own_order():
    expected = (HERE / "mistakes.txt").read_text(encoding="utf-8").splitlines()

    found = check_text(HERE / "mistakes.yaml", catalogue=CATALOGUE, today=TODAY)

    assert [f"{problem.level}: {problem.sentence}" for problem in found] == expected
    assert len([problem for problem in found if problem.level is Severity.ERROR]) >= 30


def test_every_line_named_is_the_line_of_the_mistake():
    text = (HERE / "mistakes.yaml").read_text(encoding="utf-8").splitlines()

    for problem in check_text(HERE / "mistakes.yaml", catalogue=CATALOGUE, today=TODAY):
        last = problem.path[-1]
        name = problem.path[-2] if isinstance(last, int) else last
        assert str(name) in text[problem.line - 1]


def test_products_take_zone_and_currency_of_the_workspace_unless_they_have_their_own():
    ours = product()

    assert (ours.zone, ours.currency) == ("Europe/Berlin", "USD")
    assert ours.calendar.key(ours.calendar.containing(datetime(2026, 11, 23, tzinfo=UTC))) == "2026-W48"


MISTAKES = [
    # edit, what the one problem says
    ((("workspace",), ABSENT), "`workspace` is missing"),
    ((("workspace", "zone"), "Berlin"), "Did you mean `Europe/Berlin`?"),
    ((("workspace", "zone"), "Europe"), "There is no time zone `Europe`"),
    ((("workspace", "zone"), "../etc/passwd"), "There is no time zone"),
    ((("workspace", "slack_team"), "acme"), "no workspace id"),
    ((("workspace", "currency"), "EURO"), "Did you mean `EUR`"),
    ((("sources", "warehouse"), "sqlite:///x"), "A source is a mapping"),
    ((("sources", "warehouse", "kind"), ABSENT), "`kind` is missing"),
    (
        (("sources", "warehouse", "url"), 5),
        "Write text; put it in quotes if it looks like a number or `{secret: NAME}`",
    ),
    ((("sources", "warehouse", "url"), {"secrt": "X"}), "Did you mean `secret`?"),
    ((("sources", "warehouse", "url"), "mongodb://x/y"), "not mongodb"),
    ((("sources", "warehouse", "row_limit"), 0), "Write a number of at least 1."),
    ((("sources", "tracking", "url"), "tracking.example.com"), "is no web address"),
    ((("sources", "tracking", "url"), "http://me:pw@tracking/"), "A password or token stands in the URL"),
    ((("sources", "tracking", "url"), "http://tracking/?api_key=5"), "A password or token stands in the URL"),
    ((("sources", "tracking", "url"), "http://[::1"), "is no web address"),
    ((("sources", "tracking", "network"), "local"), "is not one of the choices"),
    ((("sources", "tracking", "username"), "ana"), "two logins"),
    ((("sources", "support", "headers", "Authorization"), "Bearer 5"), "looks like a secret"),
    (((*PRODUCT, "title"), "x" * 40_000), "The text has 40,000 characters. At most 80 fit."),
    (((*PRODUCT, "title"), "\ud800"), "half of a character"),
    (((*PRODUCT, "title"), "a\u202eb"), "reverses the direction"),
    (((*PRODUCT, "title"), "  "), "The text is empty"),
    (((*PRODUCT, "title"), ["a"]), "does not fit here. Write text"),
    (((*PRODUCT, "title"), ABSENT), "`title` is missing"),
    (((*PRODUCT, "channel"), "fraud"), "is the name of a channel, and names change"),
    (((*PRODUCT, "channel"), "D0ANA00001"), "is no channel id"),
    (((*PRODUCT, "cadence"), "weekly"), "Did you mean `week`?"),
    (((*PRODUCT, "readers"), "everybody"), "What works: `roles`, `workspace`."),
    (((*PRODUCT, "owner"), "ana"), "is no member id"),
    (((*PRODUCT, "backup_owner"), "U0ANA00001"), "are the same person"),
    (((*PRODUCT, "roles", "pm"), "U0ANA00001"), "Write a list."),
    (((*PRODUCT, "roles", "pm"), ["#pms"]), "neither a person nor a user group"),
    (((*PRODUCT, "roles", "legal"), []), "Did you mean `leg`?"),
    (((*PRODUCT, "nouns", "case"), 5), "is no noun"),
    (((*PRODUCT, "nouns", "case"), {"one": "payment"}), "`many` is missing"),
    (((*PRODUCT, "nouns", "flags"), "alert"), "Did you mean `flag`?"),
    (((*PRODUCT, "labels", "judges"), "x"), "Did you mean `judge`"),
    (((*PRODUCT, "milestones", 1), {"name": "release 2.3", "on": "2026-06-01"}), "There are two milestones"),
    (((*PRODUCT, "milestones", 0, "on"), 20260504), "is no day"),
    (((*PRODUCT, "assumptions", "fee", "value"), "a lot"), "is no number"),
    (((*PRODUCT, "assumptions", "fee", "value"), True), "is no number"),
    (((*PRODUCT, "assumptions", "fee", "value"), float("nan")), "not a finite number"),
    (((*PRODUCT, "assumptions", "fee", "value"), 10**400), "too large"),
    (((*PRODUCT, "assumptions", "fee", "unit"), "euros"), "is not one of the choices"),
    (((*PRODUCT, "assumptions", "fee", "unit"), "own"), "`unit_name` belongs to `unit: own`"),
    (((*PRODUCT, "assumptions", "minutes_per_review"), ABSENT), "needs the assumption `minutes_per_review`"),
    (((*PRODUCT, "queries", "slow", "shape"), "bear"), "Did you mean `bare`?"),
    (((*PRODUCT, "queries", "slow", "source"), "monitor"), "Did you mean `monitoring`?"),
    (((*PRODUCT, "queries", "slow", "source"), ABSENT), "`source` is missing"),
    (((*PRODUCT, "queries", "slow", "values"), {"p95": "x"}), "needs a value for value; got p95"),
    (((*PRODUCT, "queries", "slow", "sql"), "SELECT 1"), "`sql` is not a key here"),
    (((*PRODUCT, "queries", "slow source"), {}), "is no name"),
    (((*PRODUCT, "queries", "clicks", "params"), {"from": "{start}"}), "does not use `{end}`"),
    (
        ((*PRODUCT, "queries", "clicks", "values"), {"numerator": "$.[", "denominator": "$.n"}),
        "is not a JSONPath",
    ),
    (((*PRODUCT, "queries", "clicks", "rows"), "$.rows"), "`rows` and `group` belong together"),
    (
        ((*PRODUCT, "queries", "outcomes", "sql"), "SELECT 1 AS tp -- :start :end"),
        "does not use `:start` and `:end`",
    ),
    (
        ((*PRODUCT, "queries", "outcomes", "sql"), "SELECT ':start' AS tp WHERE :end > 0"),
        "does not use `:start`",
    ),
    (((*PRODUCT, "queries", "outcomes", "sql"), "DROP TABLE payments"), "must be a SELECT"),
    (((*PRODUCT, "queries", "outcomes", "sql"), "SELECT 1; SELECT 2"), "must be one statement"),
    (((*PRODUCT, "queries", "outcomes", "shape"), "mean"), "cannot be computed from the shape `mean`"),
    (((*PRODUCT, "metrics", "precisoin"), {"query": "outcomes"}), "Did you mean `precision`"),
    ((METRIC, "outcomes"), "does not fit here. Write a mapping"),
    (((*METRIC, "query"), "outcome"), "Did you mean `outcomes`?"),
    (((*METRIC, "matters"), 0), "Write a number above 0"),
    (((*METRIC, "matters"), 2), "write 80 % as 0.80"),
    (((*METRIC, "target"), {"at_least": 80}), "write 80 % as 0.80"),
    (((*METRIC, "target"), {"at_least": -0.5}), "never has the value -0.5. It goes from 0 up to 1."),
    (((*METRIC, "target"), {}), "A target says exactly one thing"),
    (((*METRIC, "target"), {"between": [0.9, 0.8]}), "low end is not below its high end"),
    (((*METRIC, "target"), {"between": [0.9]}), "is missing"),
    (((*METRIC, "compare"), ["last week"]), "is no comparison"),
    (((*METRIC, "compare"), [{"since": "release 2.4"}]), "Did you mean `release 2.3`?"),
    (((*METRIC, "compare"), [{"periods_ago": True}]), "is no comparison"),
    (((*METRIC, "window"), 1.5), "is no whole number"),
    (((*METRIC, "window"), 53), "of at most 52"),
    (((*PRODUCT, "standup", "at"), "9.30"), '`9.30` is no time of day. Did you mean "09:30"?'),
    (((*PRODUCT, "standup", "at"), "9"), 'Did you mean "09:00"?'),
    (((*PRODUCT, "standup", "at"), "5 pm"), 'Did you mean "17:00"?'),
    (((*PRODUCT, "standup", "at"), "25:00"), "Write hours from 00 to 23"),
    (((*PRODUCT, "standup", "on"), "Monday 9"), "`Monday 9` is no day of a standup. Did you mean `monday`"),
    (((*PRODUCT, "standup", "on"), "every 31st"), "did you mean `last business day`?"),
    (((*PRODUCT, "standup", "on"), ["monday", "friday"]), "A standup has one day. Choose one"),
    (((*PRODUCT, "standup", "on"), 1), "Write a day, such as `monday`"),
    (((*PRODUCT, "standup", "from"), ABSENT), "It is not said which weeks these are."),
    (((*PRODUCT, "standup", "from"), "tomorrow"), "is no day. Write it as 2026-05-04."),
    (((*PRODUCT, "standup", "form"), "2026-11-23"), "Did you mean `from`?"),
    (((*PRODUCT, "standup", "zone"), "Berlin"), "Did you mean `Europe/Berlin`?"),
    (((*PRODUCT, "standup", "every"), 14), "Write a number of at most 13."),
    (((*PRODUCT, "standup", "on"), "first monday"), "`first monday` comes once a month."),
    (((*PRODUCT, "standup", "roster"), ["ana"]), "is neither a person nor a user group"),
    (((*PRODUCT, "cadence"), "month"), "This product tells of months"),
    (((*PRODUCT, "holidays"), "de-be"), "No holidays are known of `de-be`. Did you mean `DE-BE`?"),
    (((*PRODUCT, "holidays"), "DE-XB"), "Did you mean `DE-"),
    (((*PRODUCT, "holidays"), "Germany"), "Write a country's two letters"),
    (((*PRODUCT, "holidays"), ""), "No holidays are known of ``"),
    ((("workspace", "away_emoji"), ["palm_tree"]), "Did you mean `:palm_tree:`?"),
    ((("workspace", "away_emoji"), ["on holiday"]), "Write its name, such as `:palm_tree:`."),
    ((("people",), ["U0ANA00001"]), "`people` is a list, not a mapping"),
    ((("people", "ana"), {"days": ["monday"]}), "people.ana: `ana` is no member id"),
    ((("people", "U0ANA00001", "days"), ["mon"]), "Did you mean `monday`?"),
    ((("people", "U0ANA00001", "days"), []), "At least 1 is needed."),
    ((("people", "U0ANA00001", "zone"), "Lisbon"), "Did you mean `Europe/Lisbon`?"),
    ((("people", "U0ANA00001", "holiday"), "PT"), "Did you mean `holidays`?"),
    ((("people", "U0ANA00001", "away", 0, "until"), "2026-12-20"), "The absence ends before it begins."),
    (((*PRODUCT, "brief", "show"), ["recal"]), "Did you mean `recall`?"),
    (((*PRODUCT, "key"), "x"), "`key` is not a key here"),
    ((("products", "Fraud!"), []), "is no key of a product"),
    ((("products",), []), "`products` is a list, not a mapping"),
    ((("metrics",), {}), "`metrics` is a mapping"),
    ((("metrics", 0, "key"), "Click"), "Use small letters"),
    ((("metrics", 0, "key"), "precision"), "is a metric of the catalogue already"),
    ((("metrics", 0, "countermetrics"), ["recal"]), "Did you mean `recall`"),
    ((("metrics", 0, "countermetrics"), ["click_through_rate"]), "cannot stand beside itself"),
    ((("metrics", 0, "function"), "guess"), "There is no function `guess`"),
    ((("metrics", 0, "accepts"), []), "accepts no shape"),
    ((("metrics", 0, "maximum"), 0), "not below the maximum"),
    ((("metrics", 0, "unit"), "own"), "`unit_name` belongs to"),
    ((("metrics", 0, "what"), "It is 5 of them."), "The text holds a digit"),
    ((("metrics", 0, "what"), "It is about {itms}."), "Did you mean `items`"),
    ((("metrics", 0, "what"), "It is about {items."), "has no partner"),
    ((("metrics", 0, "what"), "x" * 301), "At most 300 fit"),
    ((("metrics", 0, "words", "hits"), "x"), "Did you mean `hit`?"),
    ((("metrics", 1), None), "does not fit here"),
]


@pytest.mark.parametrize(("edit", "sentence"), MISTAKES)
def test_a_mistake_is_said_in_plain_words_with_what_would_work(edit, sentence):
    found = [
        problem
        for problem in problems_in(with_(edit), catalogue=CATALOGUE)
        if problem.level is Severity.ERROR
    ]

    assert any(sentence in problem.sentence for problem in found), [problem.sentence for problem in found]
    assert all(problem.what and "pydantic" not in problem.sentence for problem in found)


@pytest.mark.parametrize(("edit", "_sentence"), MISTAKES)
def test_no_two_problems_say_the_same(edit, _sentence):
    found = said(with_(edit))

    assert len(found) == len(set(found))


WARNINGS = [
    (((*PRODUCT, "assumptions", "fee", "owner"), ABSENT), "Nobody owns the assumption `fee`"),
    (((*PRODUCT, "assumptions", "fee", "until"), "2026-11-22"), "held until 2026-11-22"),
    (
        ((*PRODUCT, "metrics", "missed_loss"), {"query": "outcomes", "matters": 500}),
        "`false_block_cost` is a countermetric of `missed_loss` and has no query",
    ),
    (((*PRODUCT, "metrics", "recall", "query"), "by_region"), "gives a row for each group"),
    (((*PRODUCT, "metrics", "recall", "target"), {"at_most": 0.5}), "Did you mean `at_least`?"),
    (((*PRODUCT, "roles"), {}), "nobody holds one"),
]


@pytest.mark.parametrize(("edit", "sentence"), WARNINGS)
def test_a_doubtful_thing_is_a_warning_and_stops_nothing(edit, sentence):
    configuration = read(with_(edit))

    assert any(sentence in warning.sentence for warning in configuration.warnings)
    assert {warning.level for warning in configuration.warnings} == {Severity.WARNING}


def test_an_assumption_holds_on_its_last_day():
    assert said(with_(((*PRODUCT, "assumptions", "fee", "until"), "2026-11-23"))) == []


@pytest.mark.parametrize("empty", [None, {}, [], "", "text", 5, ["a"]])
def test_what_is_no_file_at_all_is_one_problem(empty):
    [problem] = problems_in(empty, catalogue=CATALOGUE)

    assert "workspace" in problem.works


def test_an_empty_part_is_as_good_as_none():
    configuration = read(
        with_(((*PRODUCT, "roles"), None), ((*PRODUCT, "readers"), None), ((*PRODUCT, "about"), None))
    )

    assert configuration.products["fraud-detection"].holders(Role.PM) == ()


def test_a_wrong_default_of_the_workspace_is_told_once_and_not_in_every_product():
    document = with_((("workspace", "zone"), "Berlin"))
    document["products"]["other"] = {**document["products"]["fraud-detection"]}

    assert len(said(document)) == 1


def test_a_product_without_any_zone_is_told_so():
    assert any(
        "products.fraud-detection.zone" in each for each in said(with_((("workspace", "zone"), ABSENT)))
    )


def test_a_grouped_metric_needs_a_query_with_groups():
    grouped = next(metric for metric in CATALOGUE if metric.grouped and not metric.needs)
    use = {"query": "outcomes", "matters": 0.1}

    found = said(with_(((*PRODUCT, "metrics", grouped.key), use)))

    assert any("compares groups" in each for each in found)


def test_a_metric_that_may_be_negative_must_state_what_matters_and_a_share_need_not():
    assert must_state_matters(CATALOGUE["net_benefit"])
    assert must_state_matters(CATALOGUE["psi"])
    assert not must_state_matters(CATALOGUE["precision"])
    assert not must_state_matters(CATALOGUE["latency_p95"])


def test_a_metric_with_a_mistake_is_still_asked_for_its_assumptions():
    found = said(with_(((*PRODUCT, "metrics", "net_benefit"), {"query": "outcomes", "matters": 0})))

    assert any("Write a number above 0" in each for each in found)
    assert any("needs the assumptions `average_loss`" not in each and "review_cost" in each for each in found)


def test_every_metric_of_the_catalogue_obeys_the_rules_for_metrics_of_ones_own():
    findings = Findings()
    entries = [metric.model_dump(mode="json", exclude_defaults=True) for metric in CATALOGUE]

    read_own_metrics(entries, CATALOGUE, findings)

    assert {problem.what.partition("` ")[2] for problem in findings.problems} == {
        "is a metric of the catalogue already."
    }


def test_a_metric_defined_twice_is_told_where_it_stands_again():
    document = whole()
    document["metrics"].append({**document["metrics"][0]})

    assert said(document) == [
        "metrics[1].key: The metric `click_through_rate` is defined twice. Keep one of them, or give it another key."
    ]


def test_a_metric_of_ones_own_joins_the_catalogue():
    configuration = read(whole())

    assert isinstance(configuration.catalogue["click_through_rate"], Metric)
    assert "click_through_rate" not in CATALOGUE


def test_the_nouns_that_a_product_may_say_are_those_of_the_catalogue():
    assert set(nouns()) == {*NOUNS, *(many for many in NOUNS.values() if many is not None)}


def test_a_product_says_its_own_nouns_in_singular_and_plural():
    words = product().words(nouns())

    assert (words["case"], words["cases"]) == ("payment", "payments")
    assert (words["person"], words["people"]) == ("customer", "customers")
    assert words["searches"] == "searches"


PERIOD = Period(start=datetime(2026, 11, 15, 23, tzinfo=UTC), end=datetime(2026, 11, 22, 23, tzinfo=UTC))


@pytest.mark.parametrize(
    ("use", "periods"),
    [
        ({}, 13),
        ({"compare": [{"periods_ago": 4}]}, 13),
        ({"compare": [{"periods_ago": 52}]}, 53),
        ({"compare": [{"periods_ago": 52}], "window": 4}, 56),
        ({"window": 20}, 40),  # twenty now and the twenty before them
        # the week that ends before 4 May 2026 lies 29 weeks before the week of 16 November
        ({"compare": [{"since": "release 2.3"}]}, 30),
    ],
)
def test_a_first_pull_reaches_as_far_back_as_the_longest_comparison(use, periods):
    ours = product((METRIC, {"query": "outcomes", **use}))

    assert ours.history_periods("precision", PERIOD) == periods


def test_a_comparison_since_a_milestone_starts_from_the_week_before_it():
    ours = product()

    before = ours.before(ours.milestone("release 2.3"))

    assert ours.calendar.last_day(before) == date(2026, 5, 3)


def test_comparisons_have_keys_of_their_own():
    assert [comparison.key for comparison in product().metrics["precision"].compare] == [
        "previous",
        "periods_ago:4",
        "since:release 2.3",
    ]


@pytest.mark.parametrize(
    ("target", "value", "crossed"),
    [
        ({"at_least": 0.8}, 0.79, True),
        ({"at_least": 0.8}, 0.8, False),
        ({"at_least": 0.8}, Decimal("0.8"), False),
        ({"at_least": 0.8}, Interval(low=0.7, high=0.79), True),
        ({"at_least": 0.8}, Interval(low=0.7, high=0.8), False),
        ({"at_most": 0.8}, 0.81, True),
        ({"at_most": 0.8}, Interval(low=0.8, high=0.9), False),
        ({"between": [0.1, 0.2]}, 0.05, True),
        ({"between": [0.1, 0.2]}, 0.15, False),
        ({"between": [0.1, 0.2]}, Interval(low=0.21, high=0.3), True),
    ],
)
def test_a_target_is_crossed_by_what_lies_wholly_beyond_it(target, value, crossed):
    assert Target.model_validate(target).crossed(value) is crossed


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("a: 1\nb: [1", 2, "This is not YAML"),
        ("a:\n\t- b", 2, "This is not YAML"),
        ("a: *nobody", 1, "This is not YAML"),
        ("a: 1\n---\nb: 2", 2, "This is not YAML"),
        ("a: 1\nb: \x07", 2, "a character that YAML refuses"),
        ("a: 1\na: 2", 2, "stands here twice; the first is on line 1"),
        ("a: {b: 1, b: 2}", 1, "stands here twice"),
        ("a: !!python/object:os.system x", 1, "The tag"),
        ("a: !include x", 1, "The tag `!include` is not allowed"),
        ("a: !!int x", 1, "is not what its tag says"),
        ("a: !!set {x, y}", 1, "The tag"),
        ("1: a", 1, "The key `1` is no text"),
        ("? [a]\n: b", 1, "is no text"),
        ("a: &a [*a]", 1, "An alias points at what it stands in"),
        ("a: 1\n<<: 5", 1, "`<<` takes a mapping"),
        ("[" * 5000, None, "nested too deeply"),
        ("a: " + "x" * LARGEST_FILE, None, "too large"),
        (b"a: 1\nb: \xff", 2, "not UTF-8"),
    ],
)
def test_what_is_wrong_as_yaml_is_told_with_its_line(text, line, what):
    problem = load_yaml(text).problems[0]

    assert what in problem.what
    assert problem.line == line


def test_aliases_of_aliases_do_not_grow_without_end():
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]

    found = load_yaml("\n".join(rows)).problems

    assert [problem.what for problem in found] == ["The file holds too many values."]


def test_yaml_gives_plain_values_and_days_as_text():
    text = "a: [1, 0x1f, 1_000, 0.5, 1e3, true, yes, ~, 2026-05-04, 09:30, '5', -.inf]\nb: &b {x: 1}\nc: {<<: *b, y: 2}\non: 007"

    assert load_yaml(text).document == {
        "a": [1, 31, 1000, 0.5, 1000.0, True, "yes", None, "2026-05-04", "09:30", "5", float("-inf")],
        "b": {"x": 1},
        "c": {"x": 1, "y": 2},
        "on": 7,
    }


def test_a_file_that_is_not_there_is_one_clear_line(tmp_path):
    [problem] = check_text(tmp_path / "muster.yaml", catalogue=CATALOGUE)

    assert "cannot be read: No such file or directory." in problem.what
    assert "--config" in problem.works


def test_a_broken_file_gives_its_problem_instead_of_a_configuration():
    assert isinstance(read_text(WHOLE, catalogue=CATALOGUE), Configuration)
    assert [type(each) for each in read_text("a: [", catalogue=CATALOGUE)] == [Problem]
    twice = WHOLE.read_text(encoding="utf-8") + "workspace: {name: Other}\n"
    assert ["twice" in each.what for each in read_text(twice, catalogue=CATALOGUE)] == [True]


def test_secrets_come_from_the_environment_or_from_files(tmp_path):
    (tmp_path / "FILED").write_text("from a file\n", encoding="utf-8")
    secrets = Secrets(
        environment={"MUSTER_SECRET_OURS": "ours", "OURS": "not this", "PLAIN": "plain"}, folder=tmp_path
    )

    assert [secrets.value(name) for name in ("OURS", "PLAIN", "FILED")] == ["ours", "plain", "from a file"]
    assert "ours" not in repr(secrets)
    with pytest.raises(Refusal, match=r"no secret `GONE`\. Set MUSTER_SECRET_GONE"):
        secrets.value("GONE")
    with pytest.raises(Refusal, match="letters, digits and underscores"):
        secrets.value("../FILED")


def test_missing_secrets_are_named_beside_every_other_mistake():
    broken = WHOLE.read_text(encoding="utf-8").replace("cadence: week", "cadence: fortnight")

    found = check_text(broken, catalogue=CATALOGUE, secrets=Secrets(environment={}), today=TODAY)

    assert sum("There is no secret" in problem.what for problem in found) == 4
    assert any("cadence" in problem.place for problem in found)


def test_a_missing_secret_is_a_problem_with_its_place():
    secrets = Secrets(environment={"LEDGER_URL": "sqlite://", "SUPPORT_TOKEN": "x", "MODEL_KEY": "x"})

    found = check_text(WHOLE, catalogue=CATALOGUE, secrets=secrets, today=TODAY)

    assert [(each.place, each.what) for each in found] == [
        ("sources.tracking.token", "There is no secret `MLFLOW_TOKEN`.")
    ]
    assert found[0].line == 13


@pytest.mark.parametrize(
    ("word", "works"),
    [
        ("PRECISION", "Did you mean `precision`?"),
        ("recal", "Did you mean `recall`?"),
        ("zzz", "What works: `precision`, `recall`."),
    ],
)
def test_the_nearest_names_are_offered(word, works):
    assert nearest(word, ["recall", "precision"]) == works


def test_without_any_name_one_is_asked_for():
    assert nearest("x", [], kind="queries") == "There are no queries yet; define one first."


TEXT = st.text(max_size=12) | st.sampled_from(
    ["previous", "sql", "bare", "warehouse", "precision", "{", "\ud800", "C0FRAUD0001"]
)
LEAF = st.none() | st.booleans() | st.integers() | st.floats() | TEXT | st.dates()
JUNK = st.recursive(
    LEAF,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT | st.integers(), inner, max_size=3),
    max_leaves=8,
)


@given(JUNK)
@settings(max_examples=150)
def test_junk_never_raises_and_is_never_taken_for_a_configuration(junk):
    found = read_configuration(junk, catalogue=CATALOGUE, today=TODAY)

    assert isinstance(found, list)
    assert any(problem.level is Severity.ERROR for problem in found)
    assert all(problem.sentence.isprintable() for problem in found)


def places(value, path=()):
    """Every path of a document."""
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for part, each in inner:
        yield from places(each, (*path, part))


@given(st.sampled_from(list(places(whole()))), JUNK)
@settings(max_examples=300)
def test_junk_anywhere_in_a_sound_file_never_raises(path, junk):
    found = problems_in(with_((path, junk)), catalogue=CATALOGUE, today=TODAY)

    assert all(problem.what for problem in found)


@given(st.text() | st.text(alphabet="ab:-[]{}&*!?|>'\"#%@,\n \t<"))
@settings(max_examples=300)
def test_any_text_gives_problems_and_never_raises(text):
    assert check_text(text, catalogue=CATALOGUE)


PLAIN = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Co", "Cn"]) | st.sampled_from("\n\t"), max_size=30
)
SCALAR = (
    st.none()
    | st.booleans()
    | st.integers(-(2**62), 2**62)
    | st.floats(allow_nan=False, allow_infinity=False)
    | PLAIN
)
DOCUMENTS = st.dictionaries(
    PLAIN,
    st.recursive(
        SCALAR,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PLAIN, inner, max_size=3),
        max_leaves=8,
    ),
    min_size=1,
    max_size=4,
)


@given(DOCUMENTS)
@settings(max_examples=150)
def test_what_is_written_as_yaml_reads_back_equal(document):
    loaded = load_yaml(yaml_text(document))

    assert loaded.problems == ()
    assert loaded.document == document


def test_the_whole_file_written_and_read_again_is_the_same_configuration():
    again = load_yaml(yaml_text(whole())).document

    assert again == whole()
    assert read(again) == read(whole())
    assert list(again["products"]["fraud-detection"]["metrics"]) == [
        "precision",
        "recall",
        "alert_rate",
        "review_hours",
        "click_through_rate",
    ]
