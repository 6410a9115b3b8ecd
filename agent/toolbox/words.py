"""Claims in the grammar's own words, so that what a tool shows can be proposed as it stands.

Knows hypotheses and the words that the reader reads. Must never know a row. What it writes is read back as the same
claim (a test holds it to that); kinds that have no short sentence get none.
"""

from collections.abc import Mapping, Sequence

from ...tools.verify.evidence import Evidence
from ...tools.verify.hypothesis import (
    CategoricalAssociation,
    Condition,
    Contrast,
    GroupDifference,
    Hypothesis,
    MeanDifference,
    MonotoneAssociation,
    OccurrenceDifference,
    QuantileDifference,
    RateDifference,
    RateRatio,
    Segment,
    Subgroup,
    Trend,
    sign,
)
from ..sentences.names import word

_CLEAR, _SEEN, _FAINT = 5.0, 3.0, 1.5
_SIGNS = {"==": "="}
_PAIRED = (
    GroupDifference, RateDifference, MeanDifference, QuantileDifference, OccurrenceDifference, RateRatio,
)  # fmt: skip


def condition_words(term: Condition, ids: Mapping[str, str]) -> str:
    """One condition: `age >= 18`, `sex=male`."""
    value = word(term.value) if isinstance(term.value, str) else _number(term.value)
    column, op = word(ids.get(term.column, term.column)), _SIGNS.get(term.op, term.op)
    return f"{column}{op}{value}" if op == "=" else f"{column} {op} {value}"


def grammar(h: Hypothesis, ids: Mapping[str, str]) -> str | None:
    """The claim as a sentence of the grammar; None for kinds that have no short one."""
    said = _main(h, ids)
    if said is None or h.controls:
        return None
    return said + (f" among {' and '.join(condition_words(t, ids) for t in h.where)}" if h.where else "")


def _main(h: Hypothesis, ids: Mapping[str, str]) -> str | None:
    event = getattr(h, "event", None)
    outcome = word(ids.get(h.outcome, h.outcome)) + (f"={word(event)}" if event is not None else "")
    predictor = word(ids.get(h.predictor, h.predictor))
    if isinstance(h, _PAIRED):
        return f"{_statistic(h, outcome, ids)} {_way(h)} for {predictor}={_sides(h.levels)}"
    if isinstance(h, (Subgroup, Segment)):
        rule = " and ".join(condition_words(t, ids) for t in h.rule)
        return f"{outcome} {_way(h)} where {rule}" if isinstance(h, Subgroup) else None
    if isinstance(h, MonotoneAssociation):
        verb = {1: "increases with", -1: "decreases with", 0: "~"}[sign(h)]
        often = f" > {_number(h.above)}" if h.above is not None else ""
        return f"{outcome}{often} {verb} {predictor}" if not often or sign(h) else None
    if isinstance(h, Trend):
        return f"{outcome} {({1: 'rises over', -1: 'falls over', 0: '~'})[sign(h)]} {predictor}"
    return f"{outcome} ~ {predictor}" if isinstance(h, CategoricalAssociation) else None


def _statistic(h: Hypothesis, outcome: str, ids: Mapping[str, str]) -> str:
    if isinstance(h, MeanDifference):
        return f"mean {outcome}"
    if isinstance(h, QuantileDifference):
        return f"quantile {h.quantile:g} of {outcome}"
    if isinstance(h, OccurrenceDifference):
        return f"{outcome} > {_number(h.above)}"
    if isinstance(h, RateRatio):
        return f"{outcome} per {word(ids.get(h.exposure or '', h.exposure or ''))}"
    return outcome


def _way(h: Hypothesis) -> str:
    return {1: "higher", -1: "lower", 0: "differs"}[sign(h)]


def _sides(levels: Contrast) -> str:
    return _either(levels.a) + (f" than {_either(levels.b)}" if levels.b else "")


def _either(levels: Sequence[str]) -> str:
    return " or ".join(word(level) for level in levels)


def _number(value: float) -> str:
    return str(int(value)) if value == round(value) and abs(value) < 1e15 else repr(float(value))


def clearness(evidence: Evidence, *, directed: bool) -> str:
    """How clearly exploration rows show an effect, in words: its distance from nothing in standard errors.

    Args:
        evidence: Measured on exploration rows.
        directed: Whether the claim commits to a direction, against which an effect may lie.
    """
    theta, error = evidence.theta, evidence.standard_error
    if theta is None or not error:
        return "not measured"
    z = theta / error if directed else abs(theta) / error
    if z <= -_FAINT:
        return "the opposite is seen"
    for least, name in ((_CLEAR, "very clear"), (_SEEN, "clear"), (_FAINT, "faint")):
        if z >= least:
            return name
    return "not seen"
