"""`make bench`: measure, print a table, and write bench.json; exits 1 where a goal is missed."""

import argparse
import asyncio
import json
import platform
import sys
import time
import warnings
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bot import log
from bot.settings import LogLevel
from tests.bench.measuring import Line, Row, Size
from tests.bench.rows import ROWS

WRITTEN = Path("bench.json")
MARKS = {True: "[green]ok[/]", False: "[red]missed[/]", None: "–"}
WIDE = 150


def arguments(given: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    numbers = ", ".join(f"{row.number} {row.name}" for row in ROWS)
    parser.add_argument("--rows", default="", help=f"which, with commas between: {numbers}")
    parser.add_argument("--quick", action="store_true", help="measure less, for a first look")
    return parser.parse_args(given)


def chosen(text: str) -> list[Row]:
    """Read `1,3`; all rows without it."""
    known = {str(row.number): row for row in ROWS}
    names = [name.strip() for name in text.split(",") if name.strip()] or list(known)
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.exit(f"There is no row {', '.join(unknown)}; there are {', '.join(known)}.")
    return [known[name] for name in names]


async def measured(row: Row, size: Size) -> tuple[list[Line], float]:
    began = time.perf_counter()
    async with asyncio.timeout(row.within_s):
        lines = list(await row.measure(size))
    return lines, time.perf_counter() - began


def number(value: float | str) -> str:
    if isinstance(value, str):
        return value
    if value == int(value) or abs(value) >= 1_000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def table(found: Sequence[tuple[Row, Sequence[Line]]]) -> Table:
    made = Table(title="make bench", show_lines=True)
    for heading in ("row", "what", "goal", "measured", "rounds", "", "beside"):
        made.add_column(heading, justify="right" if heading in {"row", "goal", "measured"} else "left")
    for row, lines in found:
        for line in lines:
            beside = "\n".join(
                f"{name} {number(value)}" for name, value in line.beside.items() if name != "plan"
            )
            made.add_row(
                str(row.number), line.what, str(line.goal), f"{number(line.value)} {line.goal.unit}",
                f"{number(line.low)} … {number(line.high)}", MARKS[line.ok], "\n".join(filter(None, (beside, line.unmet))),
            )  # fmt: skip
    return made


def written(found: Sequence[tuple[Row, Sequence[Line]]], size: Size) -> dict[str, object]:
    machine = {
        "python": platform.python_version(),
        "system": platform.system(),
        "machine": platform.machine(),
    }
    rows = [
        {"row": row.number, "name": row.name, "ok": line.ok, **asdict(line)}
        for row, lines in found
        for line in lines
    ]
    return {"size": size, "on": machine, "rows": rows}


def main(given: Sequence[str]) -> int:
    wanted = arguments(given)
    size = Size.QUICK if wanted.quick else Size.FULL
    log.configure(level=LogLevel.ERROR)
    warnings.simplefilter("ignore")
    console, found = Console(), []
    console.width = max(console.width, WIDE)  # the numbers are not to be cut off
    for row in chosen(wanted.rows):
        lines, took_s = asyncio.run(measured(row, size))
        console.print(f"{row.number} {row.name}: {took_s:.0f} s", style="dim")
        found.append((row, lines))
    console.print(table(found))
    WRITTEN.write_text(
        json.dumps(written(found, size), indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    return int(any(line.ok is False for _, lines in found for line in lines))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
