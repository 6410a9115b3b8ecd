"""Draft by rule: from leads to a varied batch of at most fifty hypotheses worth a person's attention.

Knows leads, structure and exploration rows. Must never know a sealed row, a verdict or a language model.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from math import comb
from typing import Literal, NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri

from ..tools.data.rows import Rows
from ..tools.data.schema import Column
from ..tools.explore.constructed import constructed_pairs, follow_from_others
from ..tools.explore.lead import Lead, Structure
from ..tools.explore.nesting import Nests
from ..tools.explore.segments import Segmentation
from ..tools.explore.structure import structural_pairs
from ..tools.text.properties import Ending, Mentions, Rate
from ..tools.verify.evidence import Evidence
from ..tools.verify.hypothesis import Hypothesis, Ranking, Subgroup, Trend
from ..tools.verify.labels import beyond
from ..tools.verify.policy import Rule
from ..tools.verify.population import floor_of
from ..tools.verify.texts import same_text_pairs, with_texts
from ..tools.verify.units import counted_level, with_unit
from ..tools.verify.verify import measure
from .candidates import FEW_ROWS, candidates
from .choice import MOST, choose
from .draft_texts import fits, interest, of_texts, on_split, partners, read_with_text, without_texts, worth_telling
from .outlook import Focus, Outlook
from .propose_amounts import often_zero, where_any
from .propose_rankings import without_parts
from .proposers import proposals
from .roles import is_code, oriented, outcome_reading, plainness, strength
from .same import same_way
from .twins import spare_columns, without_twins

_PAIRS = 160
_SCORING_ROWS = 30_000
_NEAR = 0.8
"""Size, as a part of the smallest effect of interest, from which a lead is worth a claim."""
_MIN_Z = 2.2
_RULES = 3_000
"""Rules that a rule was chosen from: some 30,000 pairs of conditions, most of them nearly the same as another."""
_TERMS = 200
"""Terms that a list of terms was chosen from: some thousands, most of them too rare to rival it."""
_MIN_POWER = 0.35
_PICKED = 10.0
"""How much more a claim counts that a language model picked for what its columns mean: it comes before its like."""
_BESIDE = 12
"""Claims of rules alone that a batch keeps beside picked ones, even where these are few."""


class Draft(NamedTuple):
    """A hypothesis with how useful it looks; the score never leaves the exploration side."""

    hypothesis: Hypothesis
    score: float
    source: Literal["rule", "model", "both", "user"] = "rule"


class Batch(NamedTuple):
    """The drafts chosen for commitment, and the denominator behind them."""

    drafts: tuple[Draft, ...]
    drafted: int
    deduplicated: int


def draft_by_rule(
    rows: Rows,
    leads: Sequence[Lead],
    structure: Sequence[Structure],
    rule: Rule,
    focus: Focus,
    *,
    held_out_units: int,
    weight: float,
    segments: Segmentation | None = None,
    set_aside: Callable[[Hypothesis], bool] | None = None,
    proposed: Sequence[Hypothesis] = (),
) -> Batch:
    """The batch that the leads of the exploration rows suggest.

    Args:
        rows: Exploration rows.
        leads: The scan's pairs, strongest first.
        structure: What follows from how the table is built: such pairs are never drafted, and of columns that
            say the same only one is.
        rule: The policy, for its smallest effects and error level.
        focus: What the user asked about.
        held_out_units: Independent units in the vault to be opened, for the chance that a claim will hold.
        weight: The vault's share of the error budget.
        segments: Stable groups of the exploration rows.
        set_aside: Whether a claim could not be tested on the vault, since an answer showed its columns from all rows.
        proposed: What a language model proposes: judged by the same rule, and kept before what says nearly the same.
    """
    scored: dict[str, Draft] = {}
    sample = rows.select(np.arange(min(rows.n, _SCORING_ROWS)))
    order = {name: at for at, name in enumerate(rows.columns)}
    units = len(np.unique(rows.cluster)) if rows.cluster is not None else rows.n
    ratio = held_out_units / max(units, 1)
    barred = structural_pairs(structure) | constructed_pairs(rows.columns.values(), structure)
    barred |= follow_from_others(rows.columns.values(), leads) | same_text_pairs(rows.columns.values())
    asked = {focus.outcome, *focus.about}
    codes = {c.name for c in rows.columns.values() if is_code(c)} - asked
    spare = spare_columns(structure, rows, asked) | codes
    table, of_table = without_texts(sample), [x for x in leads if not of_texts(x, rows.columns)]
    outlook = Outlook(table, of_table, barred, spare, focus, order, segments)
    wanted = [
        x for x in leads if frozenset((x.a, x.b)) not in barred and not spare & {x.a, x.b} and focus.admits(x.a, x.b)
    ]
    told = worth_telling(wanted, sample)
    plain = [x for x in wanted if not of_texts(x, rows.columns) and not (rows.texts and on_split(x, rows.columns))]
    grown, nests, amounts = ratio * rows.n / max(sample.n, 1), Nests(rows), often_zero(sample)

    def scoring(h: Hypothesis) -> float:
        return _usefulness(h, measure(h, sample, split="exploration"), rule, rows, order, grown, weight)

    ruled = (
        where_any(h, amounts)
        for h in (
            *_of_pairs(plain, rows, sample, order, focus, nests),
            *(h for h in _of_pairs(told, rows, sample, order, focus, nests) if fits(h)),
            *proposals(outlook),
        )
    )
    for suggested in ruled:
        hypothesis = with_texts(with_unit(suggested, nests), rows.columns)
        if beyond(hypothesis) is None and (set_aside is None or not set_aside(hypothesis)):
            score = scoring(hypothesis)
            if score > 0:
                scored[hypothesis.content_id()] = Draft(hypothesis, score)
    picks = [with_texts(with_unit(h, nests), rows.columns) for h in proposed]
    fit = [h for h in picks if beyond(h) is None and (set_aside is None or not set_aside(h))]
    _pick(fit, scored, scoring)
    # Twins first: what an order implies must not live on under a longer label that selects the same rows.
    distinct = without_parts(without_twins(list(scored.values()), sample))
    chosen = choose(distinct, sample)
    kept = _beside_picks(chosen) if proposed else chosen
    return Batch(tuple(kept), drafted=len(scored), deduplicated=len(scored) - len(kept))


def _pick(picks: Sequence[Hypothesis], scored: dict[str, Draft], scoring: Callable[[Hypothesis], float]) -> None:
    """Enter what a model picked, in its own words where a rule says the same the other way round."""
    for h in picks:
        score = scoring(h)
        twins = [name for name, draft in scored.items() if same_way(draft.hypothesis, h)]
        if score > 0:
            by_rule = any(scored.pop(name).source != "model" for name in twins)
            scored[h.content_id()] = Draft(h, _PICKED * score, "both" if by_rule else "model")


def _beside_picks(chosen: Sequence[Draft]) -> list[Draft]:
    """All that was picked, and of the rest as many at most: each further claim makes the hurdle of all higher."""
    picked = sum(d.source != "rule" for d in chosen)
    left = max(picked, _BESIDE)
    kept = []
    for draft in chosen:
        left -= draft.source == "rule"
        if draft.source != "rule" or left >= 0:
            kept.append(draft)
    return kept


def _of_pairs(
    leads: Iterable[Lead], rows: Rows, sample: Rows, order: dict[str, int], focus: Focus, nests: Nests
) -> Iterator[Hypothesis]:
    """The claims that the strongest pairs suggest."""
    for lead in islice(leads, _PAIRS):
        outcome, predictor = _read(rows.column(lead.a), rows.column(lead.b), order, focus)
        if outcome.name != focus.outcome and nests.is_property(outcome.name, beside=predictor.name):
            outcome, predictor = predictor, outcome
        yield from candidates(outcome, predictor, sample)


def _read(a: Column, b: Column, order: dict[str, int], focus: Focus) -> tuple[Column, Column]:
    if focus.outcome == a.name:
        return a, b
    if focus.outcome == b.name:
        return b, a
    if (a.computed is None) != (b.computed is None):
        return read_with_text(a, b, order)
    return oriented(a, b, order)


def _usefulness(
    hypothesis: Hypothesis,
    evidence: Evidence,
    rule: Rule,
    rows: Rows,
    order: dict[str, int],
    grown: float,
    weight: float,
) -> float:
    """Chance to hold up on the vault times strength, raised for an outcome that reads like one."""
    theta, se = evidence.theta, evidence.standard_error
    if evidence.untestable is not None or theta is None or not se or theta <= 0:
        return 0.0
    # The same units stand on both sides of the seal: more or fewer rows of them are as many units.
    grown = grown if hypothesis.unit is None else 1.0
    # Of a small corpus the ends of a trend are few documents; they are shown, and only its course is tested.
    ends = isinstance(hypothesis, Trend) and rows.n < FEW_ROWS
    if theta < _NEAR * rule.smallest(hypothesis) or theta / se < _MIN_Z or (not ends and _too_small(evidence, grown)):
        return 0.0
    z = _after_choice(theta / se, _rivals(hypothesis, rows))
    if z <= 1:
        return 0.0
    # A lead was chosen for its size, so its expected size on new rows is smaller (winner's curse).
    shrunk = theta * (1 - z**-2)
    hurdle = -float(ndtri(counted_level(hypothesis, rule.alpha * weight / (2 * MOST) * 5)))
    power = float(ndtr(shrunk / (se / np.sqrt(max(grown, 1e-9))) - hurdle))
    if power < _MIN_POWER:
        return 0.0
    last = max(len(order) - 1, 1)
    reading = outcome_reading(rows.column(hypothesis.outcome), order[hypothesis.outcome] / last)
    if hypothesis.texts:
        reading = max(outcome_reading(rows.column(n), order[n] / last) for n in partners(hypothesis))
    plain = plainness(hypothesis.family) * interest(hypothesis)
    return power * plain * strength(hypothesis.scale, theta) ** 0.5 * (0.5 + max(reading, 0.0))


def _too_small(evidence: Evidence, grown: float) -> bool:
    """Whether a group would have too few held-out rows to be tested; `grown`: held-out over exploration rows."""
    groups = [n * grown for n in evidence.n_per_group.values()]
    return bool(groups) and min(groups) < floor_of(int(sum(groups)))


def _rivals(hypothesis: Hypothesis, rows: Rows) -> int:
    """How many claims of its kind the pair offered, of which this one stood out most."""
    if isinstance(hypothesis, Subgroup):
        return _RULES
    if isinstance(hypothesis, Ranking) and hypothesis.top is not None:
        return comb(len(hypothesis.order), hypothesis.top)
    levels = getattr(hypothesis, "levels", None)
    cells = 1 if levels is None or levels.b else len(rows.column(hypothesis.predictor).levels)
    if any(isinstance(p.property, Mentions | Rate | Ending) for p in hypothesis.texts):
        cells = max(cells, 1) * _TERMS
    if getattr(hypothesis, "event", None) is not None and len(rows.column(hypothesis.outcome).levels) > 2:
        cells *= len(rows.column(hypothesis.outcome).levels)
    return max(cells, 1)


def _after_choice(z: float, rivals: int) -> float:
    """The z-value of the largest of so many, seen as one (Šidák): what standing out most is worth by itself."""
    single = 2 * float(ndtr(-z))
    return -float(ndtri(-0.5 * np.expm1(rivals * np.log1p(-min(single, 1 - 1e-12)))))
