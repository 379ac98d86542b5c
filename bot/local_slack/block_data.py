"""Tables and charts of Block Kit, with their limits (SLACK.md 42-44)."""

from bot.local_slack.block_texts import Problem, Problems, count, length, required, whole
from bot.local_slack.values import Json

TABLE_ROWS = 100
TABLE_COLUMNS = 20
TABLE_CHARACTERS = 10_000
DATA_TABLE_ROWS = 201  # one of them the header
DATA_TABLE_CHARACTERS = 20_000
CHART_TITLE = 50
CHART_LABEL = 20
CHART_SERIES = 12
CHART_POINTS = 20
CHARTS = 2
CELLS = {"raw_text", "raw_number", "rich_text"}


def characters(value: object) -> int:
    """All characters that people read in a cell, a row or a table."""
    if isinstance(value, dict):
        own = value.get("text")
        inside = sum(
            characters(v) for k, v in value.items() if isinstance(v, dict | list) and k != "column_settings"
        )
        return inside + (len(own) if isinstance(own, str) else 0)
    return sum(characters(v) for v in value) if isinstance(value, list) else 0


def table(block: Json, at: str) -> Problems:
    rows = block.get("rows")
    yield from count(rows, f"{at}/rows", most=TABLE_ROWS, of="rows")
    settings = block.get("column_settings")
    if settings is not None:
        yield from count(settings, f"{at}/column_settings", most=TABLE_COLUMNS, least=0, of="columns")
    yield from _rows(rows, at)
    if characters(rows) > TABLE_CHARACTERS:
        yield Problem(f"{at}/rows", f"no more than {TABLE_CHARACTERS} characters allowed in a table")


def _rows(rows: object, at: str) -> Problems:
    for place, row in enumerate(rows if isinstance(rows, list) else ()):
        here = f"{at}/rows/{place}"
        yield from count(row, here, most=TABLE_COLUMNS, of="cells")
        for column, cell in enumerate(row if isinstance(row, list) else ()):
            yield from _cell(cell, f"{here}/{column}")


def _cell(cell: object, at: str) -> Problems:
    kind = cell.get("type") if isinstance(cell, dict) else None
    if not isinstance(cell, dict) or kind not in CELLS:
        yield Problem(f"{at}/type", f"unsupported type: {kind}")
    elif kind == "raw_text":
        yield from length(cell.get("text"), f"{at}/text", most=TABLE_CHARACTERS, least=1)
    elif kind == "raw_number" and (
        isinstance(cell.get("value"), bool) or not isinstance(cell.get("value"), int | float)
    ):
        yield Problem(f"{at}/value", "must provide a number")


def data_table(block: Json, at: str) -> Problems:
    rows = block.get("rows")
    yield from length(block.get("caption"), f"{at}/caption", most=3000, least=1)
    yield from count(rows, f"{at}/rows", most=DATA_TABLE_ROWS, least=2, of="rows")
    if block.get("page_size") is not None:
        yield from whole(block["page_size"], f"{at}/page_size", most=100, least=1)
    yield from _rows(rows, at)
    if isinstance(rows, list) and rows and isinstance(rows[0], list):
        yield from _even(rows, at)
        index = block.get("row_header_column_index")
        if index is not None:
            yield from whole(index, f"{at}/row_header_column_index", most=len(rows[0]) - 1, least=0)


def _even(rows: list[list[Json]], at: str) -> Problems:
    for place, row in enumerate(rows):
        if isinstance(row, list) and len(row) != len(rows[0]):
            yield Problem(f"{at}/rows/{place}", "all rows must have the same number of cells")
    for column, cell in enumerate(rows[0]):
        if isinstance(cell, dict) and cell.get("type") == "rich_text":
            yield Problem(f"{at}/rows/0/{column}", "header cells must not be rich_text")


def data_visualization(block: Json, at: str) -> Problems:
    yield from length(block.get("title"), f"{at}/title", most=CHART_TITLE, least=1)
    chart = block.get("chart")
    if not isinstance(chart, dict):
        yield Problem(at, "missing required field: chart")
        return
    here = f"{at}/chart"
    match chart.get("type"):
        case "pie":
            yield from _pie(chart, here)
        case "bar" | "line" | "area":
            yield from _series(chart, here)
        case kind:
            yield Problem(f"{here}/type", f"unsupported type: {kind}")


def _pie(chart: Json, at: str) -> Problems:
    segments = chart.get("segments")
    yield from count(segments, f"{at}/segments", most=CHART_SERIES, of="segments")
    for place, one in enumerate(segments if isinstance(segments, list) else ()):
        here = f"{at}/segments/{place}"
        yield from length(one.get("label"), f"{here}/label", most=CHART_LABEL, least=1)
        value = one.get("value")
        if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
            yield Problem(f"{here}/value", "must be greater than 0")


def _series(chart: Json, at: str) -> Problems:
    axis = chart.get("axis_config")
    categories = axis.get("categories") if isinstance(axis, dict) else None
    yield from required(chart, ("axis_config",), at)
    if isinstance(axis, dict):
        for key in ("x_label", "y_label"):
            if axis.get(key) is not None:
                yield from length(axis[key], f"{at}/axis_config/{key}", most=CHART_TITLE)
    yield from count(chart.get("series"), f"{at}/series", most=CHART_SERIES, of="series")
    yield from _each_series(chart.get("series"), categories, at)


def _each_series(series: object, categories: object, at: str) -> Problems:
    names: set[object] = set()
    for place, one in enumerate(series if isinstance(series, list) else ()):
        here = f"{at}/series/{place}"
        yield from length(one.get("name"), f"{here}/name", most=CHART_LABEL, least=1)
        if one.get("name") in names:
            yield Problem(f"{here}/name", "series names must be unique")
        names.add(one.get("name"))
        yield from _points(one.get("data"), categories, f"{here}/data")


def _points(points: object, categories: object, at: str) -> Problems:
    yield from count(points, at, most=CHART_POINTS, of="data points")
    if not isinstance(points, list):
        return
    for place, point in enumerate(points):
        yield from length(point.get("label"), f"{at}/{place}/label", most=CHART_LABEL, least=1)
        if isinstance(point.get("value"), bool) or not isinstance(point.get("value"), int | float):
            yield Problem(f"{at}/{place}/value", "must provide a number")
    if [p.get("label") for p in points] != categories:
        yield Problem(at, "labels must equal axis_config.categories")


def totals(blocks: list[Json], at: str) -> Problems:
    """Limits over all tables and charts of one message."""
    of = {
        kind: [b for b in blocks if b.get("type") == kind]
        for kind in ("table", "data_table", "data_visualization")
    }
    if len(of["table"]) > 1 and characters([b.get("rows") for b in of["table"]]) > TABLE_CHARACTERS:
        yield Problem(at, f"no more than {TABLE_CHARACTERS} characters allowed in the tables of a message")
    if characters([b.get("rows") for b in of["data_table"]]) > DATA_TABLE_CHARACTERS:
        yield Problem(
            at, f"no more than {DATA_TABLE_CHARACTERS} characters allowed in the data tables of a message"
        )
    if len(of["data_visualization"]) > CHARTS:
        yield Problem(at, f"no more than {CHARTS} data_visualization blocks allowed")
