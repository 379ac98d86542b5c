import pytest

from schema.errors import Refusal
from schema.queries import DIALECTS, dialect_of, limited, refuse_misnamed, refuse_paths, refuse_writes
from schema.readings import Shape
from schema.sources import HttpJsonQuery, MlflowQuery, PrometheusQuery, SqlQuery

READS = (
    "SELECT count(*) AS value FROM t WHERE at_ >= :start AND at_ < :end",
    "SELECT sum(x) FILTER (WHERE y) AS numerator, count(*) AS denominator FROM t",
    "WITH a AS (SELECT 1 AS x) SELECT x FROM a UNION ALL SELECT 2",
    "SELECT 1 AS value;",
    "SELECT 1 AS value; -- and nothing more",
    "-- the week\nSELECT 1 AS value",
    "(SELECT 1 AS value)",
    "SELECT a FROM t INTERSECT SELECT b FROM u",
    "SELECT 'DROP TABLE t; DELETE' AS value",
    "SELECT avg(x) OVER (PARTITION BY y) AS value FROM t",
    "SELECT x FROM t WHERE x IN (SELECT y FROM u WHERE u.z = t.z)",
    "SELECT pg_sleep(1), 1 AS value",
    "SELECT updated, deleted, created FROM t",
    'SELECT "update" AS value FROM "delete"',
)
WRITES = (
    "DELETE FROM t",
    "UPDATE t SET x = 1",
    "INSERT INTO t VALUES (1)",
    "INSERT INTO t SELECT 1",
    "MERGE INTO t USING u ON t.x = u.x WHEN MATCHED THEN DELETE",
    "TRUNCATE TABLE t",
    "DROP TABLE t",
    "CREATE TABLE t (x INT)",
    "CREATE TABLE t AS SELECT 1",
    "ALTER TABLE t ADD COLUMN y INT",
    "GRANT SELECT ON t TO x",
    "SELECT * INTO u FROM t",
    "SELECT * FROM t FOR UPDATE",
    "SELECT * FROM t FOR SHARE",
    "WITH gone AS (DELETE FROM t RETURNING *) SELECT count(*) AS value FROM gone",
    "WITH new AS (INSERT INTO t VALUES (1) RETURNING *) SELECT * FROM new",
    "SELECT 1; DELETE FROM t",
    "SELECT 1; SELECT 2",
    "BEGIN",
    "COMMIT",
    "SET search_path = x",
    "PRAGMA writable_schema = 1",
    "ATTACH 'x.db' AS x",
    "VACUUM",
    "COPY t TO 'x.csv'",
    "COPY (SELECT 1) TO PROGRAM 'sh'",
    "CALL x()",
    "DO $$ BEGIN END $$",
    "EXPLAIN ANALYZE DELETE FROM t",
    "EXPLAIN SELECT 1",
    "LISTEN x",
    "LOAD 'x'",
    "INSTALL httpfs",
    "VALUES (1)",
    "",
    ";",
    "-- nothing",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT pg_catalog.pg_read_binary_file('/etc/passwd')",
    "SELECT \"pg_read_file\"('x')",
    "SELECT PG_READ_FILE('x')",
    "SELECT * FROM pg_ls_dir('/')",
    "SELECT lo_import('/etc/passwd')",
    "SELECT lo_export(1, 'x')",
    "SELECT * FROM dblink('x', 'DELETE FROM t') AS d(x INT)",
    "SELECT query_to_xml('DELETE FROM t', true, true, '')",
    "SELECT nextval('s')",
    "SELECT setval('s', 1)",
    "SELECT set_config('transaction_read_only', 'off', false)",
    "SELECT pg_terminate_backend(1)",
    "SELECT pg_advisory_lock(1)",
    "SELECT pg_notify('a', 'b')",
    "SELECT load_extension('x')",
    "SELECT readfile('x')",
    "SELECT writefile('x', 'y')",
    "SELECT * FROM pragma_table_info('t')",
    "SELECT * FROM read_csv('x.csv')",
    "SELECT * FROM read_csv_auto('x.csv')",
    "SELECT * FROM read_parquet('x')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_blob('/etc/passwd')",
    "SELECT * FROM read_json('x')",
    "SELECT * FROM parquet_scan('x')",
    "SELECT * FROM 'x.parquet'",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM sqlite_scan('x', 't')",
    "SELECT * FROM postgres_query('x', 'DELETE FROM t')",
    "SELECT getenv('HOME')",
    "SELECT :other AS value FROM t",
    "SELECT ? AS value FROM t",
    "SELECT (",
    "not SQL at all",
    "(" * 5000,
)


@pytest.mark.parametrize("dialect", [*DIALECTS, ""])
@pytest.mark.parametrize("sql", READS)
def test_one_select_that_reads_is_let_through(sql, dialect):
    refuse_writes(sql, dialect)


@pytest.mark.parametrize("dialect", [*DIALECTS, ""])
@pytest.mark.parametrize("sql", WRITES)
def test_what_does_more_than_read_is_refused_in_one_sentence(sql, dialect):
    with pytest.raises(Refusal) as caught:
        refuse_writes(sql, dialect)

    assert str(caught.value).startswith("The query ")
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "dialect"),
    [
        ("sqlite:///x.db", "sqlite"),
        ("postgresql://a@b/c", "postgresql"),
        ("postgresql+psycopg://a@b/c", "postgresql"),
        ("postgres://a@b/c", "postgresql"),
        ("duckdb:///x.duckdb", "duckdb"),
    ],
)
def test_a_url_names_its_kind_of_database(url, dialect):
    assert dialect_of(url) == dialect


@pytest.mark.parametrize("url", ["mysql://user:s3cret@h/d", "", "s3cret-without-a-scheme" * 9])
def test_a_database_that_cannot_be_held_to_reading_is_refused(url):
    with pytest.raises(Refusal, match="sqlite, postgresql, duckdb") as caught:
        dialect_of(url)

    assert "s3cret@" not in str(caught.value)


@pytest.mark.parametrize(
    "sql",
    ["SELECT 1", "SELECT 1;", "SELECT 1 -- why", "SELECT ';', \"a;b\" FROM t ; -- ;", "SELECT 'é😀;' AS x ;"],
)
def test_a_limit_is_put_around_the_query_and_not_into_it(sql):
    wrapped = limited(sql, "postgresql", rows=11)

    refuse_writes(wrapped, "postgresql")
    assert wrapped.endswith(") AS asked LIMIT 11")
    assert sql.partition(" ;")[0].rstrip(";") in wrapped


@pytest.mark.parametrize(
    "query",
    [
        HttpJsonQuery(source="s", shape=Shape.BARE, values={"value": "$.x"}),
        HttpJsonQuery(
            source="s", shape=Shape.BANDS, values={"band": "$.b", "now": "$.n", "reference": "$.r"}
        ),
        MlflowQuery(
            source="s",
            shape=Shape.CONFUSION,
            experiment="e",
            values=dict.fromkeys(("tp", "fp", "fn", "tn"), "m"),
        ),
        MlflowQuery(
            source="s", shape=Shape.BANDS, experiment="e", values={"now.low": "a", "reference.low": "b"}
        ),
        PrometheusQuery(source="s", shape=Shape.BANDS, values={"now": "a", "reference": "b"}, groups="band"),
        PrometheusQuery(source="s", shape=Shape.INPUTS, values={"resolved": "a", "spend": "b"}),
        SqlQuery(source="s", shape=Shape.MEAN, sql="SELECT 1"),
    ],
)
def test_fields_that_are_those_of_the_shape_are_let_through(query):
    refuse_misnamed(query)


@pytest.mark.parametrize(
    ("query", "needs"),
    [
        (
            HttpJsonQuery(source="s", shape=Shape.PROPORTION, values={"numerator": "$.x"}),
            "denominator, numerator",
        ),
        (HttpJsonQuery(source="s", shape=Shape.BARE, values={"value": "$.x", "extra": "$.y"}), "value"),
        (PrometheusQuery(source="s", shape=Shape.MEAN, values={"mean": "x"}), "n, sd, value"),
        (MlflowQuery(source="s", shape=Shape.INPUTS, experiment="e", values={}), "at least one name"),
    ],
)
def test_fields_of_another_shape_are_refused_with_what_is_needed(query, needs):
    with pytest.raises(Refusal, match=needs):
        refuse_misnamed(query)


@pytest.mark.parametrize("place", ["value", "rows", "newest_at", "more"])
@pytest.mark.parametrize("path", ["$[", "$.a[?", "a b"])
def test_what_is_no_jsonpath_is_refused_wherever_it_stands(place, path):
    sound = HttpJsonQuery(source="s", shape=Shape.BARE, values={"value": "$.x"}, rows="$.r[*]", group="g")
    spoilt = {"values": {"value": path}} if place == "value" else {place: path}

    refuse_paths(sound)
    with pytest.raises(Refusal, match="is not a JSONPath"):
        refuse_paths(sound.model_copy(update=spoilt))
