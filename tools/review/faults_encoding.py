"""Text that was decoded wrongly: letters that became two signs, question marks or replacement characters.

Knows the signs of damage, and how many learned cells had them. Must never know a language.
"""

from collections.abc import Iterator

from ..data.inference_formats import literal
from ..data.readers_binary import quoted
from .decoding import damaged_sql, lost, repaired
from .faults_case import Case, Said, in_rows, label

_LEAST = 3
_TEXTS, _TIMES = 10, 3.0
"""Texts that show it at least, and times the learned share."""
_MOST = 0.02
"""Share of a text's cells with such signs that is odd by itself, where nothing is known of the learned cells."""


def damaged(case: Case) -> Iterator[Said]:
    """Columns of labels or texts with cells that were decoded wrongly; those of labels with what they were."""
    for name, column in case.learned.items():
        own = case.delivery.columns.get(name)
        if own is None or own.storage != "VARCHAR" or name in case.taken or own.type == "empty":
            continue
        said = _labels(case, name) if column.type in ("category", "boolean") else _texts(case, name)
        if said is not None:
            case.taken.add(name)
            yield said


def _labels(case: Case, name: str) -> Said | None:
    known = case.learned[name].levels
    plain = set(known)
    special = [k for k in known if not k.isascii()]
    odd: dict[str, str] = {}
    for level in case.counts(name):
        if level in plain:
            continue
        was = repaired(level) or next((k for k in special if lost(level, k)), None)
        if was is not None and (was in plain or repaired(level) is not None):
            odd[level] = was
    if not odd:
        return None
    cells = ", ".join(literal(x) for x in odd)
    rows, first = case.where(f"{quoted(name)}::VARCHAR IN ({cells})")
    sure = any(was in plain for was in odd.values())
    if rows < _LEAST or (not sure and rows < _MOST * case.rows):
        return None
    some = list(odd.items())[:3]
    told = ", ".join(f"{label(was)} as {label(level)}" for level, was in some)
    more = f" and {len(odd) - 3:,} more" if len(odd) > 3 else ""
    return _said(case, name, rows, first, tuple(x for pair in some for x in (pair[1], pair[0])), f": {told}{more}")


def _texts(case: Case, name: str) -> Said | None:
    """Texts and identifiers: of the learned cells only a count is known, so much is asked for."""
    base, new = case.base.column(name), case.new.column(name)
    if base is None or new is None or base.damaged is None or not new.damaged:
        return None
    before, now = base.damaged / max(base.rows - base.missing, 1), new.damaged / max(new.rows - new.missing, 1)
    # Texts have a few such cells of their own, more of them where there are more texts.
    if new.damaged < _TEXTS or now < _TIMES * (base.damaged + 3) / max(base.rows - base.missing, 1):
        return None
    rows, first = case.where(damaged_sql(quoted(name)))
    return _said(case, name, rows, first, (), f"; {100 * before:.2g} % of the cells showed it when it was learned")


def _said(case: Case, name: str, rows: int, first: tuple[int, ...], labels: tuple[str, ...], told: str) -> Said:
    return Said(
        kind="encoding", columns=(name,), rows=rows, first=first, labels=labels,
        text=f"Letters of `{name}` were decoded wrongly in {in_rows(rows, case.rows)}{told}.",
        advice="Read the source in the encoding it was written in (UTF-8 and Windows-1252 were likely mixed up).",
    )  # fmt: skip
