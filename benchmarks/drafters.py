"""Three who draft hypotheses on one table: the rules of heldout, chance, and somebody who wants anything verified.

Used by the certification and, small, by the tests. `rule` is the whole job. `random` commits fifty claims of any family
on columns, levels, cut points and directions drawn by chance, batch after batch until no vault is left. `hostile` draws
hundreds of such claims, measures each on every row that is open by then (exploration rows and burnt vaults, whose
numbers it has seen), and commits the thirty that look best, batch after batch. All of them go through the ledger, the
vault and the judge of the product. `claims_of` counts as false what relates two columns; invariants relate none.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, get_args

import numpy as np
import pandas as pd

from heldout.agent.folders import run_folder
from heldout.agent.looking import look_at
from heldout.agent.outlook import Focus
from heldout.agent.sealing import How, sealed
from heldout.agent.summary import Explored, Settings
from heldout.tools.data.rows import Rows
from heldout.tools.data.schema import Column
from heldout.tools.explore.nesting import Nests
from heldout.tools.explore.structure import structural_pairs
from heldout.tools.text.evaluate import with_properties
from heldout.tools.text.properties import Form, Measure, Mentions, TextProperty
from heldout.tools.text.words import spoken
from heldout.tools.verify.hypothesis import Hypothesis, parse
from heldout.tools.verify.ledger import Ledger
from heldout.tools.verify.policy import make_rule
from heldout.tools.verify.seals import record_seal
from heldout.tools.verify.sessions import commit
from heldout.tools.verify.texts import with_texts
from heldout.tools.verify.units import with_unit
from heldout.tools.verify.verify import burnt_rows, measure, verify

WAYS = ("rule", "random", "hostile")
COMMITTED = {"random": 50, "hostile": 30}
POOL = 300
"""Claims that the hostile drafter looks at before each batch."""
Rng = np.random.Generator
Typed = dict[str, Any]
Makes = Callable[["Table", Rng], Typed]


class Drafted(NamedTuple):
    """What one run came to."""

    verified: tuple[str, ...]
    """Verified claims, as canonical text."""
    committed: int
    batches: int
    p_values: tuple[float, ...] = ()
    """Held-out p-values of all claims that could be tested."""


class Table:
    """Columns by kind, and values of the exploration rows to draw cut points from."""

    def __init__(self, rows: Rows) -> None:
        used = [c for c in rows.columns.values() if c.analysed]
        self.rows = rows
        self.columns: Mapping[str, Column] = rows.columns
        self.numbers = [c.name for c in used if c.type == "number"]
        self.labels = [c.name for c in used if c.type in ("category", "boolean") and len(c.levels) >= 2]
        self.dates = [c.name for c in used if c.type == "datetime"]

    def number(self, rng: Rng, beside: set[str] | None = None) -> str:
        """A number by chance; a `LookupError` where none is left."""
        return _one(rng, [n for n in self.numbers if n not in (beside or set())])

    def label(self, rng: Rng, beside: set[str] | None = None, least: int = 2) -> str:
        """A label of at least so many levels."""
        names = [n for n in self.labels if n not in (beside or set()) and len(self.columns[n].levels) >= least]
        return _one(rng, names)

    def point(self, rng: Rng, name: str) -> float:
        """A cut point of a number between its lowest and highest tenth."""
        x = self.rows.number(name)
        x = x[np.isfinite(x)]
        if not len(x):
            raise LookupError(name)
        return float(np.quantile(x, rng.uniform(0.1, 0.9)))

    def levels(self, name: str) -> list[str]:
        """The twelve most frequent levels of a label."""
        return list(self.columns[name].levels[:12])


def _one(rng: Rng, names: list[str]) -> str:
    if not names:
        raise LookupError("no column of this kind")
    return names[int(rng.integers(len(names)))]


def _contrast(t: Table, rng: Rng, label: str) -> Typed:
    levels = [str(x) for x in rng.permutation(t.levels(label))]
    a = levels[: int(rng.integers(1, len(levels)))]
    rest = levels[len(a) :]
    return {"a": a, "b": rest[: int(rng.integers(0, len(rest) + 1))]}


def _upward(rng: Rng) -> str:
    return str(rng.choice(["higher", "lower"]))


def _event(t: Table, rng: Rng, share: float = 0.4) -> Typed:
    """An outcome that is a number, or the share of an event of a label."""
    if t.labels and (not t.numbers or rng.random() < share):
        name = t.label(rng)
        return {"outcome": name, "event": _one(rng, t.levels(name))}
    return {"outcome": t.number(rng)}


def _monotone(t: Table, rng: Rng) -> Typed:
    claim = _event(t, rng)
    x = t.number(rng, {claim["outcome"]})
    return claim | {"predictor": x, "direction": str(rng.choice(["increasing", "decreasing"]))}


def _adjusted(t: Table, rng: Rng) -> Typed:
    y = t.number(rng)
    x = t.number(rng, {y})
    direction = str(rng.choice(["increasing", "decreasing"]))
    return {"outcome": y, "predictor": x, "controls": [t.number(rng, {y, x})], "direction": direction}


def _of_groups(t: Table, rng: Rng) -> Typed:
    label = t.label(rng)
    return {"outcome": t.number(rng), "predictor": label, "levels": _contrast(t, rng, label), "direction": _upward(rng)}


def _quantile(t: Table, rng: Rng) -> Typed:
    return _of_groups(t, rng) | {"quantile": float(rng.choice([0.25, 0.5, 0.75, 0.9]))}


def _occurrence(t: Table, rng: Rng) -> Typed:
    claim = _of_groups(t, rng)
    return claim | {"above": t.point(rng, claim["outcome"])}


def _rate(t: Table, rng: Rng) -> Typed:
    y = t.label(rng)
    x = t.label(rng, {y})
    event = _one(rng, t.levels(y))
    return {"outcome": y, "event": event, "predictor": x, "levels": _contrast(t, rng, x), "direction": _upward(rng)}


def _ratio(t: Table, rng: Rng) -> Typed:
    claim = _of_groups(t, rng)
    return claim | ({} if rng.random() < 0.5 else {"exposure": t.number(rng, {claim["outcome"]})})


def _categorical(t: Table, rng: Rng) -> Typed:
    y = t.label(rng)
    x = t.label(rng, {y})
    return {"outcome": y, "predictor": x, "outcome_levels": t.levels(y)[:6], "predictor_levels": t.levels(x)[:6]}


def _ranking(t: Table, rng: Rng) -> Typed:
    claim = _event(t, rng)
    label = t.label(rng, {claim["outcome"]})
    order = [str(x) for x in rng.permutation(t.levels(label))[: int(rng.integers(2, 5))]]
    return claim | {"predictor": label, "order": order}


def _shift(t: Table, rng: Rng) -> Typed:
    label = t.label(rng)
    return {"outcome": t.number(rng), "predictor": label, "levels": _contrast(t, rng, label)}


def _term(t: Table, rng: Rng, beside: set[str]) -> Typed:
    if t.labels and (not set(t.numbers) - beside or rng.random() < 0.5):
        name = t.label(rng, beside)
        return {"column": name, "op": str(rng.choice(["==", "!="])), "value": _one(rng, t.levels(name))}
    name = t.number(rng, beside)
    return {"column": name, "op": str(rng.choice([">", "<="])), "value": t.point(rng, name)}


def _subgroup(t: Table, rng: Rng) -> Typed:
    claim = _event(t, rng)
    first = _term(t, rng, {claim["outcome"]})
    rule = [first, _term(t, rng, {claim["outcome"], first["column"]})][: int(rng.integers(1, 3))]
    return claim | {"predictor": first["column"], "rule": rule, "direction": _upward(rng)}


def _segment(t: Table, rng: Rng) -> Typed:
    claim = _subgroup(t, rng)
    return claim | {"features": sorted({term["column"] for term in claim["rule"]})}


def _shape(t: Table, rng: Rng) -> Typed:
    claim = _event(t, rng)
    x = t.number(rng, {claim["outcome"]})
    kind = str(rng.choice(["u", "inverted_u", "threshold", "saturating"]))
    return claim | {"predictor": x, "shape": kind, "knots": [t.point(rng, x)], "rises": bool(rng.random() < 0.5)}


def _interaction(t: Table, rng: Rng) -> Typed:
    claim = _of_groups(t, rng)
    m = t.label(rng, {claim["predictor"]})
    return claim | {"moderator": m, "moderator_levels": _contrast(t, rng, m)}


def _date(t: Table, rng: Rng) -> Typed:
    return _event(t, rng) | {"predictor": _one(rng, t.dates)}


def _trend(t: Table, rng: Rng) -> Typed:
    return _date(t, rng) | {"direction": str(rng.choice(["rising", "falling"]))}


def _season(t: Table, rng: Rng) -> Typed:
    cycle, phases = (("day_of_week", range(7)), ("month_of_year", range(1, 13)))[int(rng.integers(2))]
    order = [int(x) for x in rng.permutation(list(phases))]
    at = int(rng.integers(1, len(order) - 1))
    return _date(t, rng) | {"cycle": cycle, "peak": sorted(order[:at]), "trough": sorted(order[at:])}


def _change(t: Table, rng: Rng) -> Typed:
    claim = _date(t, rng)
    x = t.rows.number(claim["predictor"])
    day = int(np.nanquantile(x, rng.uniform(0.2, 0.8)))
    return claim | {"at": str(np.datetime64(day, "D")), "direction": _upward(rng)}


MAKES: dict[str, Makes] = {
    "monotone_association": _monotone, "adjusted_association": _adjusted, "group_difference": _of_groups,
    "mean_difference": _of_groups, "quantile_difference": _quantile, "occurrence_difference": _occurrence,
    "rate_difference": _rate, "rate_ratio": _ratio, "categorical_association": _categorical, "ranking": _ranking,
    "shift": _shift, "subgroup": _subgroup, "segment": _segment, "shape": _shape, "interaction": _interaction,
    "trend": _trend, "seasonality": _season, "change_point": _change,
}  # fmt: skip
"""Every family but invariants, which relate no two columns: what is true of a column is true of it shuffled."""


def claims_of(t: Table, rng: Rng, wanted: int, counts: Callable[[Hypothesis], bool]) -> list[Hypothesis]:
    """So many different claims by chance, of any family that the table has the columns for; a fifth within a subset.

    Args:
        t: The table's exploration rows.
        rng: The draws.
        wanted: How many; fewer where the table offers no more.
        counts: Whether a claim is false in this world; others are not drawn.
    """
    nests, found = Nests(t.rows), {}
    for h in _draws(t, rng, 40 * wanted):
        whole = with_texts(with_unit(h, nests), t.columns)
        if counts(whole):
            found[whole.content_id()] = whole
        if len(found) == wanted:
            break
    return list(found.values())


def _draws(t: Table, rng: Rng, tries: int) -> Iterator[Hypothesis]:
    names = list(MAKES)
    for _ in range(tries):
        family = names[int(rng.integers(len(names)))]
        try:
            typed = {"family": family} | MAKES[family](t, rng)
            if rng.random() < 0.2:
                read = {typed["outcome"], typed["predictor"], *typed.get("controls", ())}
                typed["where"] = [_term(t, rng, read)]
            yield parse(typed)
        except (LookupError, ValueError):
            continue  # the table has no such column, or the drawn levels make no claim


def anything(_: Hypothesis) -> bool:
    """Every claim is false: no two columns of the table are related."""
    return True


def drafted(
    table: pd.DataFrame, way: str, seed: int, folder: Path, counts: Callable[[Hypothesis], bool] = anything,
    how: How | None = None,
) -> Drafted:  # fmt: skip
    """Let one of the three draft on a table, with a ledger of its own in `folder`, until no vault is left.

    Args:
        table: The rows.
        way: One of `WAYS`.
        seed: Seed of the claims that are drawn.
        folder: An empty folder.
        counts: Whether a claim is false in this world; by default every one is.
        how: How it is read and sealed.
    """
    how = how or How(name="table")
    if way == "rule":
        return _by_rule(table, folder, counts, how)
    settings, book, rng = (
        Settings(make_rule(), Focus(), False, 1),
        Ledger(folder / "l.jsonl"),
        np.random.default_rng(seed),
    )
    verified: list[str] = []
    p_values: list[float] = []
    committed = batches = 0
    with run_folder() as work, book.locked():
        opened, split = sealed(table, how, settings, work, _silent)
        split.plan = plan = record_seal(book, opened.fingerprint, split.plan)
        if plan.kind == "none":
            raise ValueError(f"a table of {opened.rows} rows is not split: nobody can draft on it")
        for vault in plan.vaults:
            seen = Rows.joined([split.explore(), *burnt_rows(split, book, opened.fingerprint)])
            explored = look_at(seen, settings, _silent, {})
            explored = explored._replace(rows=speaking(explored.rows, rng))
            claims = _chosen(way, explored, rng, counts)
            if not claims:
                break
            receipt = commit(book, opened.fingerprint, plan, claims, settings.rule, request=f"{way} {vault.number}")
            tied = structural_pairs(explored.structure)
            judged = verify(split, book, receipt, claims, explored.rows, structural=tied, aids=explored.aids)
            verified += [v.hypothesis.canonical() for v in judged.verdicts if v.outcome == "verified"]
            p_values += [v.evidence.p_value for v in judged.verdicts if v.evidence.p_value is not None]
            committed, batches = committed + len(claims), batches + 1
    return Drafted(tuple(verified), committed, batches, tuple(p_values))


def _by_rule(table: pd.DataFrame, folder: Path, counts: Callable[[Hypothesis], bool], how: How) -> Drafted:
    import heldout

    told = heldout.explain(
        table, name=how.name, ledger=folder / "l.jsonl", threads=1, entity=how.entity, time=how.time, text=how.texts
    )
    claims = [parse(f.hypothesis) for f in told.verified]
    wrong = tuple(h.canonical() for h in claims if counts(h))
    found = [f.held_out.p_value for f in told.findings if counts(parse(f.hypothesis))]
    return Drafted(wrong, told.result.counts.committed, 1, tuple(p for p in found if p is not None))


def _chosen(way: str, explored: Explored, rng: Rng, counts: Callable[[Hypothesis], bool]) -> list[Hypothesis]:
    table = Table(explored.rows)
    if way == "random":
        return claims_of(table, rng, COMMITTED[way], counts)
    pool = claims_of(table, rng, POOL, counts)
    looks = [_strength(h, explored.rows) for h in pool]
    best = np.argsort(-np.array(looks), kind="stable")[: COMMITTED[way]]
    return [pool[int(at)] for at in best if looks[int(at)] > -np.inf]


def speaking(rows: Rows, rng: Rng) -> Rows:
    """The rows with every measure of form of each text beside them, and whether it mentions each of ten words.

    The words are drawn from those that a tenth to a half of the documents hold.
    """
    for column, texts in rows.texts.items():
        told = [set(words) for words in spoken(texts).values()]
        held = Counter(word for words in told for word in words)
        often = sorted(word for word, n in held.items() if 0.1 <= n / len(told) <= 0.5)
        chosen = rng.permutation(often)[:10] if often else []
        properties = [
            TextProperty(name=f"{of} of {column}", column=column, property=Measure(of=of)) for of in get_args(Form)
        ]
        for word in map(str, chosen):
            said = Mentions(terms=(word,))
            properties.append(TextProperty(name=f"{column} mentions {word}", column=column, property=said))
        rows = with_properties(rows, properties)
    return rows


def _strength(h: Hypothesis, rows: Rows) -> float:
    """Standard errors that the estimate lies on the claimed side, on open rows."""
    found = measure(h, rows, split="exploration")
    if found.untestable is not None or found.theta is None or not found.standard_error:
        return -np.inf
    return float(found.theta / found.standard_error)


def _silent(_: str) -> None:
    return None
