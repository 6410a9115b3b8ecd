"""Ways to break a table as deliveries are broken, each with what a diagnosis has to say of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

Table = pd.DataFrame
"""Every cell a text as it stands in the file, None where it is missing."""


@dataclass
class Broken:
    """A broken table, and the truth of it."""

    table: Table
    kind: str
    column: str | None
    rows: int
    slack: float = 0.0
    """By how much the rows may be off, as a share: what is missing can only be estimated."""
    cut: int = 0
    """Bytes to take from the end of the file."""
    factor: float | None = None


@dataclass
class Kinds:
    """Columns of a table by what can be done to them."""

    numbers: list[str]
    """Numbers with many values, none of them named a year or an hour."""
    labels: list[str]
    """Two to forty labels, the two largest of which have different shares."""
    times: list[str]
    """Dates with times of day."""
    key: str | None
    texts: list[str]


Breaker = Callable[[Table, Kinds, np.random.Generator], Broken | None]
BREAKERS: dict[str, Breaker] = {}


def breaker(make: Breaker) -> Breaker:
    BREAKERS[make.__name__] = make
    return make


def numeric(t: Table, name: str) -> np.ndarray:
    return pd.to_numeric(t[name], errors="coerce").to_numpy(float).copy()


def texts(x: np.ndarray, decimals: int = 9) -> list[str | None]:
    return [None if np.isnan(v) else (repr(round(float(v), decimals)) if v != int(v) else str(int(v))) for v in x]


def _block(n: int, rng: np.random.Generator, share: float) -> slice:
    size = max(10, int(share * n))
    start = int(rng.integers(0, n - size))
    return slice(start, start + size)


def _pick(names: list[str], rng: np.random.Generator) -> str | None:
    return names[int(rng.integers(len(names)))] if names else None


def _scaled(
    t: Table, k: Kinds, rng: np.random.Generator, factor: float, rows: np.ndarray | None = None
) -> Broken | None:
    wide = [c for c in k.numbers if (numeric(t, c) > 0).mean() > 0.9]
    name = _pick(wide, rng)
    if name is None:
        return None
    x = numeric(t, name)
    mask = ~np.isnan(x) if rows is None else rows & ~np.isnan(x)
    x[mask] = x[mask] * factor
    return Broken(t.assign(**{name: texts(x)}), "unit_change", name, int(mask.sum()), factor=factor)


@breaker
def unit_kg_to_g(t: Table, k: Kinds, rng: np.random.Generator) -> Broken | None:
    return _scaled(t, k, rng, 1000.0)


@breaker
def unit_g_to_kg(t: Table, k: Kinds, rng: np.random.Generator) -> Broken | None:
    return _scaled(t, k, rng, 0.001)


@breaker
def unit_cents(t: Table, k: Kinds, rng: np.random.Generator) -> Broken | None:
    return _scaled(t, k, rng, 100.0)


@breaker
def unit_pounds(t: Table, k: Kinds, rng: np.random.Generator) -> Broken | None:
    whole = [c for c in k.numbers if not (numeric(t, c) == np.round(numeric(t, c))).all()]
    return _scaled(t, Kinds(whole, [], [], None, []), rng, 1 / 0.45359237)


@breaker
def unit_minutes(t: Table, k: Kinds, rng: np.random.Generator) -> Broken | None:
    return _scaled(t, k, rng, 60.0)


@breaker
def unit_some_rows(t: Table, k: Kinds, rng: np.random.Generator) -> Broken | None:
    narrow = [
        c for c in k.numbers if (x := numeric(t, c)[~np.isnan(numeric(t, c))]).min() > 0 and x.max() / x.min() < 900
    ]
    return _scaled(t, Kinds(narrow, [], [], None, []), rng, 1000.0, rng.random(len(t)) < 0.05)


@breaker
def unit_block(t: Table, k: Kinds, rng: np.random.Generator) -> Broken | None:
    mask = np.zeros(len(t), bool)
    mask[_block(len(t), rng, 0.2)] = True
    return _scaled(t, k, rng, 1000.0, mask)


@breaker
def unit_one_label(t: Table, k: Kinds, rng: np.random.Generator) -> Broken | None:
    name = _pick([c for c in k.labels if 30 <= t[c].value_counts().iloc[1] < 0.5 * len(t)], rng)
    if name is None:
        return None
    return _scaled(t, k, rng, 1000.0, (t[name] == _top(t, name)[1]).to_numpy())


@breaker
def unit_celsius(t: Table, k: Kinds, rng: np.random.Generator) -> Broken | None:
    if "degrees" not in k.numbers and "temp" not in k.numbers:
        return None
    name = "degrees" if "degrees" in k.numbers else "temp"
    x = numeric(t, name) * 1.8 + 32
    return Broken(t.assign(**{name: texts(x, 2)}), "unit_change", name, int((~np.isnan(x)).sum()), factor=1.8)


def _top(t: Table, name: str) -> list[str]:
    return [str(x) for x in t[name].value_counts().index]


def _label(t: Table, k: Kinds, rng: np.random.Generator, to: Callable[[str], str], at: int = 0) -> Broken | None:
    fit = [c for c in k.labels if len(_top(t, c)) > at and to(_top(t, c)[at]) not in _top(t, c)]
    name = _pick(fit, rng)
    if name is None:
        return None
    old = _top(t, name)[at]
    mask = (t[name] == old).to_numpy()
    return Broken(t.assign(**{name: t[name].replace(old, to(old))}), "renamed_label", name, int(mask.sum()))


@breaker
def renamed_case(t: Table, k: Kinds, rng: np.random.Generator) -> Broken | None:
    return _label(t, k, rng, lambda x: x.upper() if x.upper() != x else x.lower(), 1)


@breaker
def renamed_word(t: Table, k: Kinds, rng: np.random.Generator) -> Broken | None:
    return _label(t, k, rng, lambda x: "premium tier", 0)


@breaker
def renamed_underscores(t: Table, k: Kinds, rng: np.random.Generator) -> Broken | None:
    spaced = [c for c in k.labels if " " in _top(t, c)[0]]
    return _label(t, Kinds([], spaced, [], None, []), rng, lambda x: x.replace(" ", "_"))


@breaker
def renamed_all_upper(t: Table, k: Kinds, rng: np.random.Generator) -> Broken | None:
    name = _pick([c for c in k.labels if sum(x != x.upper() for x in _top(t, c)) > 1], rng)
    if name is None:
        return None
    upper = t[name].str.upper()
    changed = (upper != t[name]) & t[name].notna()
    return Broken(t.assign(**{name: upper}), "renamed_label", name, int(changed.sum()))


@breaker
def renamed_several(t: Table, k: Kinds, rng: np.random.Generator) -> Broken | None:
    name = _pick([c for c in k.labels if len(_top(t, c)) >= 3 and t[c].value_counts().iloc[1] >= 60], rng)
    if name is None:
        return None
    a, b = _top(t, name)[:2]
    both = t[name].isin([a, b])
    return Broken(t.assign(**{name: t[name].replace({a: "first word", b: "another"})}), "renamed_label", name,
                  int(both.sum()))  # fmt: skip


@breaker
def renamed_in_part(t: Table, k: Kinds, rng: np.random.Generator) -> Broken | None:
    fit = [c for c in k.labels if _top(t, c)[0].upper() not in _top(t, c)]
    name = _pick(fit, rng)
    if name is None:
        return None
    old = _top(t, name)[0]
    mask = (t[name] == old).to_numpy() & (rng.random(len(t)) < 0.5)
    return Broken(t.assign(**{name: t[name].mask(mask, old.upper())}), "renamed_label", name, int(mask.sum()))


@breaker
def type_decimal_comma(t: Table, k: Kinds, rng: np.random.Generator) -> Broken | None:
    name = _pick([c for c in k.numbers if t[c].str.contains(".", regex=False).mean() > 0.5], rng)
    if name is None:
        return None
    comma = t[name].str.contains(".", regex=False, na=False)
    return Broken(t.assign(**{name: t[name].str.replace(".", ",", regex=False)}), "type_change", name, int(comma.sum()))


@breaker
def type_words(t: Table, k: Kinds, rng: np.random.Generator) -> Broken | None:
    name = _pick(k.numbers, rng)
    if name is None:
        return None
    mask = (rng.random(len(t)) < 0.1) & t[name].notna().to_numpy()
    return Broken(t.assign(**{name: t[name].mask(mask, "see remarks")}), "type_change", name, int(mask.sum()))


@breaker
def type_thousands(t: Table, k: Kinds, rng: np.random.Generator) -> Broken | None:
    name = _pick([c for c in k.numbers if (numeric(t, c) >= 1000).mean() > 0.3], rng)
    if name is None:
        return None
    x = numeric(t, name)
    out = [
        v if np.isnan(y) else f"{y:,.2f}".replace(",", "_").replace(".", ",").replace("_", ".")
        for v, y in zip(t[name], x, strict=True)
    ]
    return Broken(t.assign(**{name: out}), "type_change", name, int((~np.isnan(x)).sum()))


@breaker
def type_epoch(t: Table, k: Kinds, rng: np.random.Generator) -> Broken | None:
    name = _pick(k.times, rng)
    if name is None:
        return None
    x = pd.to_datetime(t[name])
    out = [None if pd.isna(v) else str(int(v.timestamp())) for v in x]
    return Broken(t.assign(**{name: out}), "type_change", name, int(x.notna().sum()))


@breaker
def type_currency(t: Table, k: Kinds, rng: np.random.Generator) -> Broken | None:
    name = _pick(k.numbers, rng)
    if name is None:
        return None
    there = pd.to_numeric(t[name], errors="coerce").notna()
    return Broken(t.assign(**{name: t[name].mask(there, "€" + t[name])}), "type_change", name, int(there.sum()))


@breaker
def type_day_and_month(t: Table, k: Kinds, rng: np.random.Generator) -> Broken | None:
    name = _pick(k.times, rng)
    if name is None:
        return None
    x = pd.to_datetime(t[name])
    both = ((x.dt.day <= 12) & (x.dt.day != x.dt.month)).to_numpy()
    if both.sum() < 10:
        return None
    turned = t[name].str[:5] + t[name].str[8:10] + "-" + t[name].str[5:7] + t[name].str[10:]
    return Broken(t.assign(**{name: turned.where(both, t[name])}), "type_change", name, int(both.sum()))


def _shifted(t: Table, mask: np.ndarray, at: int) -> Table:
    out = t.copy()
    names = list(t.columns)
    for k in range(len(names) - 1, at, -1):
        out[names[k]] = t[names[k]].mask(mask, t[names[k - 1]])
    out[names[at]] = t[names[at]].mask(mask, None)
    return out


def _mixed_from(t: Table, k: Kinds) -> int | None:
    """A place from which on at least two labels or one label and two numbers follow."""
    names = list(t.columns)
    for at in range(1, len(names) - 2):
        rest = names[at:]
        if (
            len([c for c in rest if c in k.labels]) >= 1
            and len([c for c in rest if c in k.numbers]) >= 1
            and len(rest) >= 3
        ):
            return at
    return None


@breaker
def shifted_all(t: Table, k: Kinds, rng: np.random.Generator) -> Broken | None:
    at = _mixed_from(t, k)
    return None if at is None else Broken(_shifted(t, np.ones(len(t), bool), at), "shifted_columns", None, len(t))


@breaker
def shifted_some(t: Table, k: Kinds, rng: np.random.Generator) -> Broken | None:
    at = _mixed_from(t, k)
    mask = rng.random(len(t)) < 0.03
    return None if at is None or mask.sum() < 5 else Broken(
        _shifted(t, mask, at), "shifted_columns", None, int(mask.sum())
    )  # fmt: skip


@breaker
def shifted_left(t: Table, k: Kinds, rng: np.random.Generator) -> Broken | None:
    at = _mixed_from(t, k)
    if at is None:
        return None
    names = list(t.columns)
    moved = {a: t[b] for a, b in zip(names[at:-1], names[at + 1 :], strict=True)}
    return Broken(t.assign(**moved, **{names[-1]: None}), "shifted_columns", None, len(t))


@breaker
def exchanged_two(t: Table, k: Kinds, rng: np.random.Generator) -> Broken | None:
    if not k.labels or not k.numbers:
        return None
    a, b = k.labels[0], k.numbers[-1]
    return Broken(t.assign(**{a: t[b], b: t[a]}), "shifted_columns", a, len(t))


@breaker
def duplicated_whole(t: Table, k: Kinds, rng: np.random.Generator) -> Broken | None:
    return Broken(pd.concat([t, t], ignore_index=True), "duplicated_load", None, len(t))


@breaker
def duplicated_block(t: Table, k: Kinds, rng: np.random.Generator) -> Broken | None:
    at = _block(len(t), rng, 0.1)
    return Broken(pd.concat([t.iloc[: at.stop], t.iloc[at], t.iloc[at.stop :]], ignore_index=True), "duplicated_load",
                  None, at.stop - at.start)  # fmt: skip


@breaker
def duplicated_shuffled(t: Table, k: Kinds, rng: np.random.Generator) -> Broken | None:
    both = pd.concat([t, t], ignore_index=True)
    return Broken(
        both.iloc[rng.permutation(len(both))].reset_index(drop=True), "duplicated_load", None, len(t), slack=0.01
    )


@breaker
def truncated_in_row(t: Table, k: Kinds, rng: np.random.Generator) -> Broken | None:
    last = ",".join("" if x is None else str(x) for x in t.iloc[-1])
    if '"' in last or len(last) < 12:
        return None
    return Broken(t, "truncated", None, 1, cut=len(last.encode()) // 2 + 1)


@breaker
def truncated_in_order(t: Table, k: Kinds, rng: np.random.Generator) -> Broken | None:
    name = next((c for c in k.labels if len(_top(t, c)) >= 8), None)
    if name is None:
        return None
    ordered = t.sort_values(name, kind="stable", key=lambda s: s.fillna("\uffff")).reset_index(drop=True)
    keep = int(0.6 * len(t))
    return Broken(ordered.iloc[:keep], "truncated", name, len(t) - keep, slack=0.3)


@breaker
def truncated_by_day(t: Table, k: Kinds, rng: np.random.Generator) -> Broken | None:
    if not k.times or t[k.times[0]].isna().any() or t[k.times[0]].str[4].ne("-").any():
        return None
    ordered = t.sort_values(k.times[0], kind="stable").reset_index(drop=True)
    keep = int(0.7 * len(t))
    return Broken(ordered.iloc[:keep], "truncated", k.times[0], len(t) - keep, slack=0.3)


@breaker
def time_shift_hours(t: Table, k: Kinds, rng: np.random.Generator) -> Broken | None:
    return _moved(t, k, rng, float(rng.choice([-8, -5, 2, 6, 9])))


@breaker
def time_shift_half_hour(t: Table, k: Kinds, rng: np.random.Generator) -> Broken | None:
    return _moved(t, k, rng, 5.5)


def _moved(t: Table, k: Kinds, rng: np.random.Generator, hours: float) -> Broken | None:
    name = _pick(k.times, rng)
    if name is None:
        return None
    x = pd.to_datetime(t[name]) + pd.Timedelta(hours=hours)
    out = x.dt.strftime("%Y-%m-%d %H:%M:%S").where(x.notna(), None)
    return Broken(t.assign(**{name: out}), "time_shift", name, int(x.notna().sum()), factor=hours)


@breaker
def join_by_key(t: Table, k: Kinds, rng: np.random.Generator) -> Broken | None:
    if k.key is None:
        return None
    times = rng.choice([1, 1, 2, 3], len(t))
    out = t.iloc[np.repeat(np.arange(len(t)), times)].reset_index(drop=True)
    out["tag"] = [f"tag {v}" for v in rng.integers(0, 900, len(out))]
    return Broken(out, "multiplied_rows", k.key, len(out) - len(t), slack=0.001)


@breaker
def join_without_new_column(t: Table, k: Kinds, rng: np.random.Generator) -> Broken | None:
    if k.key is None:
        return None
    out = t.iloc[np.repeat(np.arange(len(t)), rng.choice([1, 1, 2, 3], len(t)))].reset_index(drop=True)
    return Broken(out, "multiplied_rows", k.key, len(out) - len(t))


@breaker
def missing_label(t: Table, k: Kinds, rng: np.random.Generator) -> Broken | None:
    fit = [c for c in k.labels if len(_top(t, c)) > 2 and 60 <= (t[c] == _top(t, c)[1]).sum() < 0.45 * len(t)]
    name = _pick(fit, rng)
    if name is None:
        return None
    gone = (t[name] == _top(t, name)[1]).to_numpy()
    return Broken(t[~gone].reset_index(drop=True), "missing_part", name, int(gone.sum()), slack=0.3)


@breaker
def missing_days(t: Table, k: Kinds, rng: np.random.Generator) -> Broken | None:
    name = _pick(k.times, rng)
    if name is None:
        return None
    day = t[name].str[:10]
    days = sorted(day.dropna().unique())
    counts = day.value_counts()
    if len(days) < 28 or counts.median() < 25:
        return None
    at = int(rng.integers(7, len(days) - 9))
    gone = day.isin(days[at : at + 2]).to_numpy()
    return Broken(t[~gone].reset_index(drop=True), "missing_part", name, int(gone.sum()), slack=0.4)


@breaker
def swapped_two(t: Table, k: Kinds, rng: np.random.Generator) -> Broken | None:
    fit = [c for c in k.labels if (t[c].value_counts().iloc[:2].sum() > 200) and _apart(t[c]) > 8]
    name = _pick(fit, rng)
    if name is None:
        return None
    a, b = _top(t, name)[:2]
    both = t[name].isin([a, b])
    return Broken(t.assign(**{name: t[name].replace({a: b, b: a})}), "swapped_labels", name, int(both.sum()))


def _apart(column: pd.Series) -> float:
    counts = column.value_counts()
    a, b = counts.iloc[0], counts.iloc[1]
    return float((a - b) / np.sqrt(a + b))


@breaker
def encoding_mojibake(t: Table, k: Kinds, rng: np.random.Generator) -> Broken | None:
    fit = [c for c in [*k.labels, *k.texts] if t[c].str.contains("[äöüéßÄÖÜ]", na=False).sum() >= 10]
    name = _pick(fit, rng)
    if name is None:
        return None
    out = t[name].map(lambda x: x.encode("utf-8").decode("cp1252", "replace") if isinstance(x, str) else None)
    return Broken(t.assign(**{name: out}), "encoding", name, int((out != t[name])[t[name].notna()].sum()))


@breaker
def encoding_questions(t: Table, k: Kinds, rng: np.random.Generator) -> Broken | None:
    fit = [c for c in k.labels if t[c].str.contains("[äöüéßÄÖÜ]", na=False).sum() >= 10]
    name = _pick(fit, rng)
    if name is None:
        return None
    out = t[name].map(lambda x: x.encode("ascii", "replace").decode() if isinstance(x, str) else None)
    return Broken(t.assign(**{name: out}), "encoding", name, int((out != t[name])[t[name].notna()].sum()))


@breaker
def stuck_number(t: Table, k: Kinds, rng: np.random.Generator) -> Broken | None:
    name = _pick([c for c in k.numbers if c != "day"], rng)  # a delivery of one day is none
    there = None if name is None else t[name].dropna()
    if there is None or len(there) < 100 or (there == there.iloc[0]).mean() > 0.4:
        return None
    return Broken(t.assign(**{name: there.iloc[0]}), "stuck", name, len(t))


@breaker
def stuck_label(t: Table, k: Kinds, rng: np.random.Generator) -> Broken | None:
    fit = [c for c in k.labels if (t[c].dropna() == _top(t, c)[1]).mean() < 0.4 and t[c].notna().sum() >= 100]
    name = _pick(fit, rng)
    return None if name is None else Broken(t.assign(**{name: _top(t, name)[1]}), "stuck", name, len(t))
