"""A conversation as a file: a page, a notebook or a script that computes its facts again with DuckDB alone.

Knows answers and the file that was opened. Must never hold a figure in code that it says it computes: the program runs
the queries on the data, and says where the result is not the one that was given.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..tools.data.whole import write_columns
from ..tools.errors import UsageError
from .answer import Answer
from .answer_html import to_html
from .answer_text import verdict
from .drawing import written
from .report.words import clean

if TYPE_CHECKING:
    from .inquiry import Inquiry

KINDS = ("html", "notebook", "script")
_CELLS = 200
_OPENING = """import json
import math
from pathlib import Path

import duckdb

here = Path(__file__).resolve().parent if "__file__" in globals() else Path()
con = duckdb.connect()
con.execute("SET TimeZone = 'UTC'")
"""
_ASKING = '''

def same(a, b):
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)
    return a == b or (a is not None and b is not None and str(a) == str(b)) or str(a).replace(" ", "T") == str(b)


def asked(sql, given):
    """Run a query, show it, and compare it with what heldout answered."""
    rows = con.execute(sql).fetchall()
    for row in rows[:40]:
        print(*row, sep="\\t")
    alike = len(rows) >= len(given) and all(same(x, y) for r, g in zip(rows, given) for x, y in zip(r, g))
    print("as heldout answered" if alike else "DIFFERS from what heldout answered")
    return rows
'''


def export(kind: str, path: str, answers: Sequence[Answer], asked: "Inquiry") -> tuple[Path, ...]:
    """Write the answers as a page, a notebook or a script; the last two with the rows that their facts read.

    Args:
        kind: `html`, `notebook` or `script`.
        path: Where to.
        answers: What was asked, oldest first.
        asked: The inquiry, which knows the file.

    Returns:
        The files written.

    Raises:
        UsageError: if the kind is unknown, there is no answer, or a file cannot be written.
    """
    if kind not in KINDS or not path:
        raise UsageError(f"Say what to write and where: /export {'|'.join(KINDS)} PATH.")
    if not answers:
        raise UsageError("Nothing was asked yet, so there is nothing to export.")
    target = Path(path)
    if kind == "html":
        return (written(target, to_html(answers)),)
    rows = _rows_beside(target, answers, asked)
    load = _load(rows)
    text = _notebook(load, answers) if kind == "notebook" else _script(load, answers)
    return (written(target, text), *rows.values())


def _rows_beside(target: Path, answers: Sequence[Answer], asked: "Inquiry") -> dict[str, Path]:
    """The typed columns that facts read, laid beside the program: what the file holds as text was read as numbers."""
    out: dict[str, Path] = {}
    for where in ("all", "exploration"):
        names = {n for a in answers if a.fact is not None and a.fact.rows_read == where for n in a.fact.read}
        if not any(a.fact is not None and a.fact.rows_read == where for a in answers):
            continue
        file = target.with_name(f"{target.stem}.{where}.parquet")
        try:
            if where == "all" and asked.state.whole is not None:
                write_columns(asked.state.whole, {n: n for n in sorted(names)}, file)
            else:
                from ..tools.data.jail import write_rows

                write_rows(asked.exploration_rows(), file)
        except OSError as err:
            raise UsageError(f"'{file}' cannot be written: {err.strerror or err}.") from err
        out[where] = file
    return out


def _load(rows: dict[str, Path]) -> dict[str, str]:
    """For each kind of rows the line that makes them the table `data`."""
    return {
        where: f"con.read_parquet(str(here / {json.dumps(file.name)})).create_view('data', replace=True)"
        for where, file in rows.items()
    }


def _code(answer: Answer, load: dict[str, str]) -> str:
    if answer.fact is None:
        return ""
    given = json.dumps([list(row) for row in answer.fact.cells[:_CELLS]], ensure_ascii=True)
    sql = json.dumps(answer.fact.sql, ensure_ascii=True)
    return f"{load[answer.fact.rows_read]}\nasked(\n    {sql},\n    json.loads({json.dumps(given)}),\n)\n"


def _told(answer: Answer) -> list[str]:
    """What is said beside the code."""
    lines = [f"Understood: {answer.understood}."]
    if answer.claim is not None:
        lines.append(f"Answer: {verdict(answer.claim)}")
        seen = answer.claim.exploratory
        if seen is not None and seen.sentence:
            lines.append(f"Exploratory, no verdict ({seen.n:,} exploration rows): {seen.sentence}")
    return [*lines, f"Checked: {answer.checked}", f"Not checked: {answer.not_checked}"]


def _script(load: dict[str, str], answers: Sequence[Answer]) -> str:
    parts = ['"""Questions on a table, and the queries that answered them; needs duckdb alone."""\n', _OPENING, _ASKING]
    for at, answer in enumerate(answers, 1):
        said = "\n".join(f"# {clean(line)}" for line in (f"{at}. {answer.question}", *_told(answer)))
        parts.append(f"\n{said}\nprint({json.dumps(clean(answer.question), ensure_ascii=True)})\n{_code(answer, load)}")
    return "\n".join(parts)


def _notebook(load: dict[str, str], answers: Sequence[Answer]) -> str:
    cells: list[dict[str, Any]] = [_cell("code", _OPENING + _ASKING, 0)]
    for at, answer in enumerate(answers, 1):
        told = "\n\n".join(_markdown(line) for line in _told(answer))
        cells.append(_cell("markdown", f"## {_markdown(answer.question)}\n\n{told}", 2 * at - 1))
        if code := _code(answer, load):
            cells.append(_cell("code", code, 2 * at))
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    book = {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(book, indent=1, ensure_ascii=False) + "\n"


def _cell(kind: str, source: str, at: int) -> dict[str, Any]:
    cell: dict[str, Any] = {
        "cell_type": kind, "id": f"cell-{at}", "metadata": {}, "source": source.splitlines(keepends=True),
    }  # fmt: skip
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})


def _markdown(text: str) -> str:
    """Text that Markdown shows as it stands, names in backticks kept."""
    from .report.markdown import named

    return named(clean(text))
