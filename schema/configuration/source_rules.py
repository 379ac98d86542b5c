"""Rules on sources and on what is asked of them, beyond the kind of each value."""

import re
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias
from urllib.parse import SplitResult, parse_qsl, urlsplit

from pydantic import BaseModel

from schema.configuration.mistakes import kind_of, read
from schema.errors import Refusal
from schema.problems import Findings, Path, nearest, quoted
from schema.queries import dialect_of, refuse_misnamed, refuse_paths, refuse_writes
from schema.sources import (
    QUERY_OF,
    AnyQuery,
    HttpJsonQuery,
    HttpJsonSource,
    MlflowSource,
    PrometheusSource,
    Query,
    Secret,
    Source,
    SqlQuery,
    SqlSource,
)

_MODELS: Final[Mapping[str, type[BaseModel]]] = {
    "sql": SqlSource,
    "http_json": HttpJsonSource,
    "mlflow": MlflowSource,
    "prometheus": PrometheusSource,
}
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,59}")
_TELLING: Final = re.compile(r"authorization|cookie|token|secret|passw|api[-_]?key", re.IGNORECASE)
_NAMED: Final = "Write `{secret: NAME}` and give the value in the environment as MUSTER_SECRET_NAME."
_QUIET: Final = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/", re.DOTALL)

Kinds: TypeAlias = Mapping[str, str | None]  # source → its kind; None where the file does not say it rightly


def name_is_fine(name: str, path: Path, findings: Findings) -> bool:
    """Note a name that texts, keys and the environment could not all carry."""
    if _NAME.fullmatch(name):
        return True
    findings.error(
        path, f"{quoted(name)} is no name.", "Start with a letter; then letters, digits, `_` and `-`."
    )
    return False


def kinds_of(given: object) -> dict[str, str | None]:
    """Give the kind of each source in the file, however broken the source is."""
    if not isinstance(given, Mapping):
        return {}
    return {name: _kind(body) for name, body in given.items()}


def _kind(body: object) -> str | None:
    kind = body.get("kind") if isinstance(body, Mapping) else None
    return kind if isinstance(kind, str) and kind in _MODELS else None


def read_source(given: object, path: Path, findings: Findings) -> Source | None:
    """Read one source and check its address and credentials."""
    if not isinstance(given, Mapping):
        findings.error(
            path, f"A source is a mapping; this is {kind_of(given)}.", "Write `{kind: sql, url: …}`."
        )
        return None
    kind = given.get("kind")
    if not isinstance(kind, str) or kind not in _MODELS:
        what = f"{quoted(kind)} is no kind of source." if "kind" in given else "`kind` is missing."
        findings.error(
            (*path, "kind") if "kind" in given else path, what, nearest(kind or "", _MODELS, kind="kinds")
        )
        return None
    source = read(_MODELS[kind], given, path, findings)
    if source is None:
        return None
    before = len(findings.errors)
    _source_rules(source, path, findings)
    return source if len(findings.errors) == before else None  # type: ignore[return-value]  # _MODELS holds just the union's members


def _source_rules(source: BaseModel, path: Path, findings: Findings) -> None:
    if isinstance(source, SqlSource):
        _sql_address(source, path, findings)
    if isinstance(source, HttpJsonSource | MlflowSource | PrometheusSource):
        web_address(source.url, (*path, "url"), findings)
    if isinstance(source, HttpJsonSource | PrometheusSource):
        _open_headers(source.headers, (*path, "headers"), findings)
    if isinstance(source, MlflowSource):
        _one_login(source, path, findings)


def _sql_address(source: SqlSource, path: Path, findings: Findings) -> None:
    if isinstance(source.url, Secret):
        return
    where = (*path, "url")
    try:
        dialect_of(source.url)
    except Refusal as refusal:
        findings.error(where, str(refusal), "Write a SQLAlchemy URL, such as `sqlite:///data/numbers.db`.")
    parts = _parts(source.url)
    if parts is not None and _holds_secret(parts):
        findings.error(where, "A password stands in the URL.", f"Make the whole URL a secret. {_NAMED}")


def web_address(url: str, where: Path, findings: Findings) -> None:
    """Note what is no address of a web server, and a secret in one."""
    parts = _parts(url)
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
        findings.error(
            where, f"{quoted(url)} is no web address.", "It starts with https:// or http:// and a host."
        )
    elif _holds_secret(parts):
        findings.error(where, "A password or token stands in the URL.", f"Use `token` or `headers`. {_NAMED}")


def _parts(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - reading it is how urllib checks it
    except ValueError:
        return None
    return parts


def _holds_secret(parts: SplitResult) -> bool:
    named = any(value and _TELLING.search(name) for name, value in parse_qsl(parts.query))
    return bool(parts.password) or named


def _open_headers(headers: Mapping[str, str | Secret], path: Path, findings: Findings) -> None:
    for name, value in headers.items():
        if isinstance(value, str) and _TELLING.search(name):
            findings.error(
                (*path, name), f"The value of the header {quoted(name)} looks like a secret.", _NAMED
            )


def _one_login(source: MlflowSource, path: Path, findings: Findings) -> None:
    if source.token is not None and source.username is not None:
        findings.error(path, "There are two logins, `token` and `username`.", "Keep one of them.")
    if (source.username is None) != (source.password is None):
        findings.error(path, "`username` and `password` belong together.", "Write both, or neither.")


def read_query(
    given: object, path: Path, *, kinds: Kinds, dialect: Callable[[str], str | None], findings: Findings
) -> AnyQuery | None:
    """Read one query by its source's kind and check that it only reads, and only its own window.

    dialect  gives the SQL dialect of a source, "" where its URL is a secret, None where its SQL was checked before
    """
    if not isinstance(given, Mapping):
        findings.error(
            path, f"A query is a mapping; this is {kind_of(given)}.", "Write `{source: …, shape: …}`."
        )
        return None
    source = given.get("source")
    if not isinstance(source, str) or source not in kinds:
        what = f"There is no source {quoted(source)}." if "source" in given else "`source` is missing."
        findings.error(
            (*path, "source") if "source" in given else path,
            what,
            nearest(source or "", kinds, kind="sources"),
        )
        return None
    kind = kinds[source]
    if kind is None:
        return None  # the source's own mistake is told there
    query = read(QUERY_OF[kind], given, path, findings)
    if query is None:
        return None
    _query_rules(query, path, dialect(source), findings)
    return query  # type: ignore[return-value]  # QUERY_OF holds just the union's members


def _query_rules(query: Query, path: Path, dialect: str | None, findings: Findings) -> None:
    if isinstance(query, SqlQuery):
        if dialect is None or _refused(lambda: refuse_writes(query.sql, dialect), (*path, "sql"), findings):
            return
        _demand_window(
            _QUIET.sub(" ", query.sql),
            pattern=r"(?<![:\w]):{}\b",
            shown=":{}",
            where=(*path, "sql"),
            findings=findings,
        )
        return
    _refused(lambda: refuse_misnamed(query), (*path, "values"), findings)
    if isinstance(query, HttpJsonQuery):
        _refused(lambda: refuse_paths(query), path, findings)
        asked = " ".join((query.path, *query.params, *query.params.values()))
        _demand_window(asked, pattern=r"\{{{}\}}", shown="{{{}}}", where=path, findings=findings)
        if (query.rows is None) != (query.group is None):
            findings.error(path, "`rows` and `group` belong together.", "Write both, or neither.")


def _refused(check: Callable[[], None], where: Path, findings: Findings) -> bool:
    try:
        check()
    except Refusal as refusal:
        findings.error(where, str(refusal))
        return True
    return False


def _demand_window(text: str, *, pattern: str, shown: str, where: Path, findings: Findings) -> None:
    missing = [end for end in ("start", "end") if not re.search(pattern.format(end), text)]
    if missing:
        names = " and ".join(quoted(shown.format(end)) for end in missing)
        works = "Ask for one period only: from its start, which belongs to it, to its end, which does not."
        findings.error(where, f"The query does not use {names}.", works)
