"""What a question to a source must be before it is asked: one SELECT, and a name for every field of its shape."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import TokenType

from schema.errors import Refusal
from schema.query_functions import ALLOWED
from schema.readings import Shape
from schema.sources import HttpJsonQuery, MlflowQuery, PrometheusQuery, Query, SqlQuery

FIELDS: Mapping[Shape, frozenset[str]] = {
    Shape.CONFUSION: frozenset({"tp", "fp", "fn", "tn"}),
    Shape.PROPORTION: frozenset({"numerator", "denominator"}),
    Shape.MEAN: frozenset({"value", "n", "sd"}),
    Shape.RANGED: frozenset({"value", "low", "high"}),
    Shape.BARE: frozenset({"value"}),
    Shape.BANDS: frozenset({"band", "now", "reference"}),
    Shape.INPUTS: frozenset(),  # the names are the question's own
}
WINDOW = frozenset({"start", "end"})
# SQLAlchemy's names; parsed with the dialect beside them.
DIALECTS: Mapping[str, str] = {"sqlite": "sqlite", "postgresql": "postgres", "duckdb": "duckdb"}

_WRITES = (
    exp.DML,
    exp.DDL,
    exp.Into,
    exp.Lock,
    exp.Command,
    exp.Copy,
    exp.Attach,
    exp.Detach,
    exp.Pragma,
    exp.Set,
    exp.Drop,
    exp.Alter,
    exp.Use,
    exp.Transaction,
    exp.Commit,
    exp.Rollback,
    exp.ReadCSV,
    exp.ReadParquet,
)
# Tables of the server itself that hold passwords, its files or what others ask.
_SERVERS_OWN = frozenset(
    {
        "pg_authid", "pg_file_settings", "pg_hba_file_rules", "pg_ident_file_mappings", "pg_largeobject", "pg_shadow",
        "pg_stat_activity", "pg_stat_statements", "pg_user_mapping", "pg_user_mappings",
    }
)  # fmt: skip
# PostgreSQL reads U&"pg\005fread_file" as another name than the parser does.
_ESCAPED = re.compile(r"(?<![\w$])u&['\"]", re.IGNORECASE)
_BEFORE_ALIAS = frozenset({TokenType.ALIAS, TokenType.WITH, TokenType.RECURSIVE})
_FILE = re.compile(r"/|\\|\.(csv|tsv|json|jsonl|ndjson|parquet|txt|db|duckdb|xlsx|gz|zst)$", re.IGNORECASE)


def dialect_of(url: str) -> str:
    """Name the kind of database behind a SQLAlchemy URL; refuses one that Muster cannot hold to reading."""
    name = url.partition(":")[0].partition("+")[0].lower()
    name = "postgresql" if name == "postgres" else name
    if name not in DIALECTS:
        known = ", ".join(DIALECTS)
        raise Refusal(
            f"Muster can hold these databases to reading: {known}; not {name[:40] or 'an empty URL'}."
        )
    return name


@lru_cache(maxsize=1024)  # each question is asked of every period
def refuse_writes(sql: str, dialect: str) -> None:
    """Refuse anything but one SELECT that only reads.

    dialect      sqlite, postgresql or duckdb; anything else is read as PostgreSQL
    raises       Refusal, whose text says what would work
    """
    read = DIALECTS.get(dialect, "postgres")
    tree = _only_statement(sql, read)
    _refuse_disguise(sql, read)
    allowed = ALLOWED.get(dialect, ALLOWED["postgresql"])
    for node in tree.walk():
        if isinstance(node, _WRITES):
            raise Refusal(f"The query must only read; it holds {_spoken(node)}. Write one SELECT.")
        _refuse_function(node, allowed)
        _refuse_file(node)
        _refuse_placeholder(node)


@lru_cache(maxsize=1024)
def limited(sql: str, dialect: str, *, rows: int) -> str:
    """Let one SELECT that was not refused give so many rows at most."""
    tokens = sqlglot.tokenize(sql, read=DIALECTS.get(dialect, "postgres"))
    end = next((token.start for token in tokens if token.text == ";" and sql[token.start] == ";"), len(sql))
    # on a line of its own: the query may end in a comment
    return f"SELECT * FROM (\n{sql[:end]}\n) AS asked LIMIT {rows}"  # noqa: S608 - the query is the owner's own


def refuse_misnamed(query: Query) -> None:
    """Refuse a question whose fields are not those of its shape; SQL columns are only known when it runs."""
    if isinstance(query, SqlQuery):
        return
    if not isinstance(query, HttpJsonQuery | MlflowQuery | PrometheusQuery):
        return
    given = _field_names(query)
    wanted = _wanted(query)
    if given != wanted if wanted else not given:
        raise Refusal(
            f"The shape {query.shape} needs a value for {_listed(wanted) or 'at least one name'}; got {_listed(given)}."
        )


def refuse_paths(query: HttpJsonQuery) -> None:
    """Refuse what is no JSONPath."""
    import jsonpath  # noqa: PLC0415 - takes time, and only HTTP sources need it

    paths = (*query.values.values(), query.rows, query.newest_at, query.more)
    for path in paths:
        if path is None:
            continue
        try:
            jsonpath.compile(path)
        except jsonpath.JSONPathError as error:
            raise Refusal(f"{path[:80]} is not a JSONPath such as $.groups[*].count.") from error


def _field_names(query: HttpJsonQuery | MlflowQuery | PrometheusQuery) -> frozenset[str]:
    if isinstance(query, MlflowQuery) and query.shape is Shape.BANDS:
        return frozenset(
            name.partition(".")[0] for name in query.values
        )  # `now.low`: the band's name follows
    return frozenset(query.values)


def _wanted(query: HttpJsonQuery | MlflowQuery | PrometheusQuery) -> frozenset[str]:
    fields = FIELDS[query.shape]
    return fields if isinstance(query, HttpJsonQuery) else fields - {"band"}


def _only_statement(sql: str, dialect: str) -> exp.Expr:
    try:
        parsed = sqlglot.parse(sql, read=dialect)
    except (SqlglotError, RecursionError) as error:
        raise Refusal(f"The query cannot be read as {dialect} SQL. Write one SELECT.") from error
    statements = [tree for tree in parsed if tree is not None and not isinstance(tree, exp.Semicolon)]
    if len(statements) != 1:
        raise Refusal(f"The query must be one statement, not {len(statements)}. Write one SELECT.")
    tree = statements[0]
    if not isinstance(tree.unnest(), exp.Select | exp.SetOperation):
        raise Refusal(f"The query must be a SELECT, not {_spoken(tree)}.")
    return tree


def _refuse_function(node: exp.Expr, allowed: frozenset[str]) -> None:
    if not isinstance(node, exp.Func):
        return
    name = (node.name or node.sql_name()) if isinstance(node, exp.Anonymous) else node.sql_name()
    if name.lower() not in allowed:
        raise Refusal(
            f"The query may use functions which only compute; {name.lower()[:60]}() is none that I know."
        )
    if _qualified(node):
        raise Refusal(
            f"The query must name a function without its schema; leave out what stands before {name}()."
        )


def _qualified(node: exp.Func) -> bool:
    above = node.parent
    if isinstance(above, exp.Dot):
        return above.expression is node
    return isinstance(above, exp.Table) and above.this is node and bool(above.args.get("db"))


def _refuse_disguise(sql: str, dialect: str) -> None:
    """Refuse names that the database and the parser might read as two different ones."""
    if _ESCAPED.search(sql):
        raise Refusal('The query may hold no U&"…"; write the name or the text itself.')
    tokens = sqlglot.tokenize(sql, read=dialect)
    for before, name, after in zip([None, *tokens], tokens, tokens[1:], strict=False):
        quoted = name.token_type is TokenType.IDENTIFIER and after.token_type is TokenType.L_PAREN
        if quoted and (before is None or before.token_type not in _BEFORE_ALIAS):
            raise Refusal(f"The query must name a function without quotes; write {name.text[:60]}( instead.")


def _refuse_file(node: exp.Expr) -> None:
    if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier) and _FILE.search(node.name):
        raise Refusal("The query must read tables, not files. Name a table.")
    if isinstance(node, exp.Table) and node.name.lower() in _SERVERS_OWN:
        raise Refusal(f"The query must only read its own tables; {node.name} is the server's. Leave it out.")


def _refuse_placeholder(node: exp.Expr) -> None:
    if isinstance(node, exp.Placeholder | exp.Parameter) and node.name not in WINDOW:
        raise Refusal(f"The query may use :start and :end; :{node.name or '?'} is not known.")


def _spoken(node: exp.Expr) -> str:
    return "FOR UPDATE or the like" if isinstance(node, exp.Lock) else type(node).__name__.upper()


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
