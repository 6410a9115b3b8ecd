"""An answer as plain text for a terminal: what was understood, figures in columns, what was checked and what not.

Knows an answer. Must never compute, choose or leave out: what is not printed is counted.
"""

import textwrap
from collections.abc import Iterator
from typing import Any

from ..tools.verify.families.wording import returned
from .answer_fields import Answered, ClaimAnswer
from .facts import Table
from .inert import inert
from .report.words import clean, plain
from .usage import ModelUsage, spent

WIDTH = 100
_WIDEST = 40
_PRINTED = 40


def to_text(answer: Answered, *, most: int) -> str:
    """The answer in lines of about a hundred characters."""
    return inert("\n".join(_lines(answer, most)))  # filters and names stand in it as they are


def _lines(answer: Answered, most: int) -> Iterator[str]:
    if answer.note:
        yield from _wrapped(answer.note)
    if answer.kind == "ways":
        yield f"'{clean(answer.question)}' can be read in {len(answer.ways)} ways."
        for at, way in enumerate(answer.ways, 1):
            yield f"  {at}. {plain(way.reading)}: {clean(way.question)}"
    elif answer.kind == "words":
        yield from _wrapped(plain(own_words_line(answer)))
    else:
        yield from _beside(answer)
        yield from _wrapped(f"Understood: {plain(answer.understood)}.")
    for note in answer.supplied:
        yield from _wrapped(f"({plain(note)})")
    for sentence in () if answer.kind == "words" else answer.words:
        yield from _wrapped(plain(sentence))
    if answer.fact is not None:
        yield ""
        yield from table_lines(answer.fact, most)
        yield ""
        yield from provenance(answer.fact)
    if answer.claim is not None:
        yield from _claim(answer.claim)
    if answer.exploratory_words:
        yield from _wrapped("Seen on the exploration rows: " + " ".join(plain(s) for s in answer.exploratory_words))
    yield from _closing(answer)


def own_words_line(answer: Answered) -> str:
    """A model's own words, named as such."""
    by = clean(answer.model.id) if answer.model is not None else "a model"
    return f"In the words of {by}, and nothing was computed: {' '.join(answer.words)}"


def _beside(answer: Answered) -> Iterator[str]:
    """The tables of the queries before the last."""
    for one in answer.beside:
        yield from _wrapped(f"Understood: {plain(one.understood)}.")
        yield ""
        yield from table_lines(one.fact, _PRINTED)
        yield ""
        yield from provenance(one.fact)
        if one.cost:
            yield from _wrapped(plain(one.cost))
        yield ""


def _closing(answer: Answered) -> Iterator[str]:
    """What it cost, what was checked, and what a model's part took."""
    if answer.cost:
        yield from _wrapped(plain(answer.cost))
    yield from _wrapped(f"Checked: {plain(answer.checked)}")
    yield from _wrapped(f"Not checked: {plain(answer.not_checked)}")
    if answer.model is not None:
        yield from _wrapped(model_line(answer.model))


def model_line(usage: ModelUsage) -> str:
    """What the model's part took, and how many of its sentences were not printed."""
    lost = usage.dropped_sentences
    dropped = f" {lost:,} of its sentences did not fit the evidence and {'is' if lost == 1 else 'are'} left out."
    return f"Model: {clean(usage.id)}, {spent(usage)}.{dropped if lost else ''}"


def _claim(claim: ClaimAnswer) -> Iterator[str]:
    yield f"Answer: {verdict(claim)}"
    if claim.reason:
        yield from _wrapped(plain(claim.reason))
    if claim.sentence:
        yield from _wrapped(plain(claim.sentence))
    seen = claim.exploratory
    if seen is not None:
        said = seen.sentence or f"cannot be measured: {seen.reason}"
        yield from _wrapped(f"Exploratory, no verdict ({seen.n:,} exploration rows): {plain(said)}")


def verdict(claim: ClaimAnswer) -> str:
    """The verdict in words."""
    where = "on all rows" if claim.state == "answered" else "on sealed rows"
    if claim.state == "refused":
        return "not tested."
    if claim.state == "explored":
        return "not tested, exploratory only."
    again = " (asked before: this cost nothing)" if claim.state == "recorded" else ""
    return f"{'VERIFIED' if claim.verified else 'NOT VERIFIED'} {where}{again}."


def table_lines(table: Table, most: int) -> Iterator[str]:
    """The result in columns, numbers to the right, and how many rows are not printed."""
    if table.rows == 1 and len(table.columns) <= 3 and not table.groups and table.cells:
        if said := _one_figure(table):
            yield f"  {said}"
            return
        figures = [f"{clean(name)} = {cell(v)}" for name, v in zip(table.columns, table.cells[0], strict=True)]
        yield "  " + ", ".join(figures)
        return
    shown = table.cells[:most]
    body = [[cell(v) for v in row] for row in shown]
    head = [_cut(clean(name)) for name in table.columns]
    widths = [max(len(r[k]) for r in [head, *body]) for k in range(len(head))]
    right = [all(isinstance(r[k], (int, float)) or r[k] is None for r in shown) for k in range(len(head))]
    for row in [head, *body]:
        cells = [t.rjust(w) if r else t.ljust(w) for t, w, r in zip(row, widths, right, strict=True)]
        yield "  " + "  ".join(cells).rstrip()
    if not body:
        yield "  (no rows)"
    if table.rows > len(shown):
        carried = "" if len(table.cells) == table.rows else f"; {len(table.cells):,} are in the JSON"
        yield f"  … {table.rows - len(shown):,} more of {table.rows:,} rows{carried}"


def _one_figure(table: Table) -> str | None:
    """`91 of 1,338 rows`, `43.1 % of 714 rows`: the one figure of a question in the grammar's words, as one says it."""
    row = dict(zip(table.columns, table.cells[0], strict=True))
    n, known, names = row.get("n"), row.get("known"), tuple(row)
    if table.used is None or n != table.used:
        return None
    if names == ("n",):
        return f"{cell(n)} of {table.total:,} rows"
    if known is not None and table.used - known not in table.missing.values():
        return None
    rows = f"{cell(n)} rows" if known is None else f"the {cell(known)} of {cell(n)} rows that have a value"
    if names[0] == "percent" and table.sql.startswith("SELECT 100.0 * avg((") and row["percent"] is not None:
        return f"{cell(row['percent'])} % of {rows}"
    return f"{cell(row['value'])}, over {rows}" if names[0] == "value" else None


def provenance(table: Table) -> Iterator[str]:
    """Rows used, filter, missing cells and the query."""
    whose = "rows" if table.rows_read == "all" else "exploration rows"
    if table.used is None:
        rows = f"Rows: the query is nested over {table.total:,} {whose}, so no single count of rows used is given."
    else:
        rows = f"Rows used: {table.used:,} of {table.total:,} {whose}"
        rows += f", where {table.filter}." if table.filter else ", without a filter."
    yield from _wrapped(rows)
    told = {name: f"{name} {n:,}" for name, n in table.missing.items() if n}
    if groups := [text for name, text in told.items() if name in table.grouped]:
        row = " (the row “–”)" if any(None in row for row in table.cells) else ""
        yield from _wrapped(f"Missing among them, and a group of its own{row}: {', '.join(groups)}.")
    if others := [text for name, text in told.items() if name not in table.grouped]:
        yield from _wrapped(f"Missing among them, and left out of averages and sums: {', '.join(others)}.")
    if table.missing and not told:
        yield f"Missing among them: none ({', '.join(table.missing)})."
    if table.limited:
        yield "The query asks for its first rows only."
    yield f"SQL: {clean(table.sql)}"


def cell(value: Any) -> str:
    """A value as it is printed: counts whole, other numbers as `returned` says."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return f"{value:,}".replace("-", "−")
    if isinstance(value, float):
        return returned(value, 6)
    return _cut(clean(str(value)))


def _cut(text: str) -> str:
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False, subsequent_indent="  ")
