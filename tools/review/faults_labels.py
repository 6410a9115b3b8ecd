"""Labels under a new name: spelled otherwise, or another word in the place of the old one.

Knows a column's labels with their learned shares and means. Must never know free text. A column whose labels name
stretches of time has new ones each time: nothing is said of it.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..data.inference import BOOLEAN_WORDS
from ..data.inference_formats import literal
from ..data.readers_binary import quoted
from ..explore.quality_labels import spellings
from .faults_case import FEW, Case, Said, aligned, distance, in_rows, label, luck
from .faults_profiles import Profiles
from .sketch import ColumnSketch

_SPELLED = 15
"""Rows of a new spelling beside the old one, for clean tables have rare ones of their own."""
_REPLACED = 5
_MOST = 60
_NAMES_OF_TIME = re.compile(
    r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*|(mon|tue|wed|thu|fri|sat|sun)[a-z]*|spring|summer|autumn|"
    r"fall|winter|q[1-4]", re.I,
)  # fmt: skip


class Renamed(NamedTuple):
    """A learned label and the new one in its place, with the rows of the new one."""

    old: str
    new: str
    rows: int
    spelled: bool


def renamed(case: Case) -> Iterator[Said]:
    """Columns in which labels came under a new name, all renamed labels of a column in one fault."""
    for base, _ in case.pairs("label"):
        if case.learned[base.name].type not in ("category", "boolean") or base.rows < FEW or case.rows < FEW:
            continue
        counts = case.counts(base.name)
        found = _renamed(case, base, counts)
        if found:
            case.taken.add(base.name)
            yield _said(case, base.name, found)


def _renamed(case: Case, base: ColumnSketch, counts: Mapping[str, int]) -> list[Renamed]:
    known = set(case.learned[base.name].levels) | set(base.levels)
    fresh = {x: n for x, n in counts.items() if x not in known}
    if not fresh or len(fresh) > 20 * _MOST:
        return []
    filled, before = sum(counts.values()), base.rows - base.missing
    gone = [x for x, n in base.levels.items() if x not in counts and n / before * filled >= _REPLACED]
    found = _spelled(known, base, fresh, gone)
    left = {x: n for x, n in fresh.items() if x not in {f.new for f in found}}
    still = [x for x in gone if x not in {f.old for f in found}]
    if still and left:
        found += _replaced(case, base, counts, still, left)
    return found


# Another spelling


def _spelled(known: set[str], base: ColumnSketch, fresh: Mapping[str, int], gone: Sequence[str]) -> list[Renamed]:
    found = []
    for new, rows in fresh.items():
        old = _same_label(new, known, gone)
        if old is not None and rows >= (_REPLACED if old in gone else _SPELLED):
            found.append(Renamed(old, new, rows, True))
    if found:  # where the spelling of a column changed, rare labels changed with it
        told = {f.new for f in found}
        rare = ((_same_label(new, known, gone), new) for new in fresh if new not in told)
        found += [Renamed(old, new, fresh[new], True) for old, new in rare if old is not None]
    rest = [x for x in fresh if x not in {f.new for f in found}]
    open_ = [x for x in gone if x not in {f.old for f in found}]
    for old, new in _shortened(open_, rest) or _boolean(open_, rest, base):
        if fresh[new] >= _REPLACED:
            found.append(Renamed(old, new, fresh[new], True))
    return found


def plain(text: str) -> str:
    """A label without case, accents, signs between words, and zeros before or after numbers."""
    number = re.fullmatch(r"\s*([-+]?\d+)(\.0+)?\s*", text)
    if number:
        return str(int(number[1]))
    folded = unicodedata.normalize("NFKD", text.replace("ß", "ss")).casefold()
    folded = re.sub(r"[\s._\-'\",/()&]+", "", "".join(c for c in folded if not unicodedata.combining(c)))
    return re.sub(r"(?<!\d)0+(?=\d)", "", folded) or text


def _same_label(new: str, known: set[str], gone: Sequence[str]) -> str | None:
    """The learned label that is spelled alike, one that is gone before one that is still there."""
    alike = [k for k in [*gone, *sorted(known)] if plain(k) == plain(new)]
    if alike:
        return alike[0]
    for old in gone:  # one letter off, or initials
        if len(spellings({old: 1_000, new: 1})) == 1 and not any(c.isdigit() for c in old + new):
            return old
    return None


def _shortened(gone: Sequence[str], fresh: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs where every new label begins an old one, or the other way round, in one way only."""
    if not gone or len(gone) != len(fresh) or len(gone) < 2:
        return []
    pairs = []
    for old in gone:
        fits = [new for new in fresh if _begins(old, new)]
        if len(fits) != 1:
            return []
        pairs.append((old, fits[0]))
    return pairs if len({new for _, new in pairs}) == len(pairs) else []


def _begins(old: str, new: str) -> bool:
    a, b = old.casefold(), new.casefold()
    return a != b and a[:1].isalpha() and (a.startswith(b) or b.startswith(a))


def _boolean(gone: Sequence[str], fresh: Sequence[str], base: ColumnSketch) -> list[tuple[str, str]]:
    """The two labels of a boolean in another pair of words, `no` and `yes` as `0` and `1`."""
    if len(gone) != 2 or len(fresh) != 2 or len(base.levels) != 2:
        return []
    pair, other = _words(gone), _words(fresh)
    return list(zip(pair, other, strict=True)) if pair and other else []


def _words(labels: Sequence[str]) -> tuple[str, str] | None:
    by_word = {x.casefold(): x for x in labels}
    return next(((by_word[a], by_word[b]) for a, b in BOOLEAN_WORDS if a in by_word and b in by_word), None)


# Another word


def _replaced(
    case: Case, base: ColumnSketch, counts: Mapping[str, int], gone: Sequence[str], fresh: Mapping[str, int]
) -> list[Renamed]:
    """Labels that are gone, each with a new one of its share and means, the other labels being as they were."""
    least = max(FEW, 0.003 * sum(counts.values()))
    gone = [x for x in gone if base.levels[x] / (base.rows - base.missing) * sum(counts.values()) >= least]
    new = [x for x, n in fresh.items() if n >= least]
    if not gone or len(gone) != len(new) or len(gone) > _MOST or _about_time([*gone, *new]):
        return []
    kept, a, b = aligned({x: n for x, n in base.levels.items() if x not in gone}, {
        x: n for x, n in counts.items() if x in base.levels})  # fmt: skip
    if (len(kept) > 1 and distance(a, b) > 0.05 + 2 * luck(a, a.sum(), b.sum())) or case.period(base.name):
        return []
    profiles = Profiles(case, base, counts)
    cost = np.array([[profiles.apart(old, x) for x in new] for old in gone])
    pairs = _assigned(cost)
    if pairs is None or (not kept and len(gone) > 1 and not profiles.means):
        return []
    return [Renamed(gone[i], new[j], counts[new[j]], False) for i, j in pairs]


def _assigned(cost: NDArray) -> list[tuple[int, int]] | None:
    """Each old label with the new one that fits it, if all fit: p above .001 for shares and means together."""
    from scipy.optimize import linear_sum_assignment

    i, j = linear_sum_assignment(cost)
    return list(zip(i.tolist(), j.tolist(), strict=True)) if (cost[i, j] <= 1.0).all() else None


def _about_time(labels: Sequence[str]) -> bool:
    """Whether labels name times, or differ from each other in digits only, as those of periods and of runs do."""
    if sum(_NAMES_OF_TIME.fullmatch(x.strip()) is not None for x in labels) > 0.5 * len(labels):
        return True
    shapes = {re.sub(r"\d+", "0", x) for x in labels}
    return any(any(c.isdigit() for c in x) for x in labels) and len(shapes) <= len(labels) / 2


def _said(case: Case, name: str, found: Sequence[Renamed]) -> Said:
    cells = ", ".join(literal(f.new) for f in found)
    rows, first = case.where(f"{quoted(name)}::VARCHAR IN ({cells})")
    told = ", ".join(f"{label(f.old)} came as {label(f.new)} ({f.rows:,} rows)" for f in found[:3])
    more = f", and {len(found) - 3:,} more" if len(found) > 3 else ""
    spelled = all(f.spelled for f in found)
    why = "another spelling" if spelled else "the old label is gone, the new one has its share of the rows"
    pairs = tuple(x for f in found[:3] for x in (f.old, f.new))
    count = "A label was" if len(found) == 1 else f"{len(found):,} labels were"
    return Said(
        kind="renamed_label", columns=(name,), rows=rows, first=first, labels=pairs,
        text=f"{count} renamed in `{name}`, in {in_rows(rows, case.rows)}: {told}{more} ({why}).",
        advice="Map the new labels to the old ones, or learn the new ones if they are meant.",
    )  # fmt: skip
