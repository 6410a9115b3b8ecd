"""Text that was decoded wrongly: letters that became two signs, question marks or replacement characters.

Knows the signs of damage, and how many learned cells had them. Must never know a language.
"""

from collections.abc import Iterator

from ..data.inference_formats import literal
from ..data.readers_binary import quoted
from .faults_case import Case, Said, in_rows, label

_LEAST = 3
_MOST = 0.02
"""Share of a text's cells with such signs that is odd by itself, where nothing is known of the learned cells."""
MOJIBAKE = (
    "[ÃÂ][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013\u2014\u2018-\u201e\u2020-\u2022"
    "\u2026\u2030\u2039\u203a\u20ac\u2122]|â(€|\u0080)|Ð[\u0080-\u00bf]|�|ï»¿"
)
"""UTF-8 read as Latin-1 or Windows-1252, the replacement character, and a byte order mark within a text (RE2)."""


def damaged_sql(cell: str) -> str:
    """SQL that holds where a text shows signs of a wrong decoding."""
    return f"regexp_matches({cell}, {literal(MOJIBAKE)})"


def repaired(text: str) -> str | None:
    """What a text was before UTF-8 was read as Windows-1252 or Latin-1; None where it was not."""
    for encoding in ("cp1252", "latin-1"):
        try:
            back = text.encode(encoding).decode("utf-8")
        except (UnicodeEncodeError, UnicodeDecodeError):
            continue
        if back != text:
            return back
    return None


def lost(text: str, known: str) -> bool:
    """Whether a text is a known one whose letters beyond ASCII became one or more `?` or replacement characters."""
    if known.isascii() or not ("?" in text or "�" in text):
        return False
    at = 0
    for ch in known:
        if ch.isascii():
            if at >= len(text) or text[at] != ch:
                return False
            at += 1
        else:
            start = at
            while at < len(text) and text[at] in "?�" and at - start < 3:
                at += 1
            if at == start:
                return False
    return at == len(text)


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
    condition = damaged_sql(quoted(name))
    rows, first = case.where(condition)
    usual = getattr(case.base.column(name), "damaged", None)
    base = case.base.column(name)
    filled = max(case.rows - (case.new.column(name).missing if case.new.column(name) else 0), 1)  # type: ignore[union-attr]
    if base is None or usual is None or rows < max(_LEAST, 10 if usual else _LEAST):
        return None
    before = usual / max(base.rows - base.missing, 1)
    if rows / filled < 3 * before + 0.002 and not (usual == 0 and rows >= 5 * _LEAST):
        return None
    return _said(case, name, rows, first, (), f"; {100 * before:.2g} % of the cells showed it when it was learned")


def _said(case: Case, name: str, rows: int, first: tuple[int, ...], labels: tuple[str, ...], told: str) -> Said:
    return Said(
        kind="encoding", columns=(name,), rows=rows, first=first, labels=labels,
        text=f"Letters of `{name}` were decoded wrongly in {in_rows(rows, case.rows)}{told}.",
        advice="Read the source in the encoding it was written in (UTF-8 and Windows-1252 were likely mixed up).",
    )  # fmt: skip
