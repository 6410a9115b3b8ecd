"""The tools `propose` and `open_question`: claims as a model words them, read, frozen and held against what is known.

Knows exploration rows and what was proposed before. Must never know a sealed row, a verdict or a smallest effect, and
must never change a claim to make it testable. What the model is told of a claim is what it could have asked for.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import Field

from ...tools.errors import HypothesisError, UsageError
from ...tools.verify.evidence import Evidence
from ...tools.verify.families import FAMILIES
from ...tools.verify.hypothesis import Hypothesis
from ...tools.verify.labels import beyond
from ...tools.verify.verify import measure
from ..asking import settled, understood
from ..claims_file import Stated, stated
from ..privacy import visible
from ..propose_amounts import where_any
from ..same import same_way
from ..sentences.reader import Reading
from .bench import Bench, Proposal
from .names import column_of, read_by
from .spec import Arguments, Result, tool
from .tools_compare import figures, named_levels, untestable
from .words import clearness, word

MOST = 50
"""Claims that may be proposed in one run."""
_A_CALL = 12
_COLUMN_FIELDS = ("outcome", "predictor", "column", "moderator", "exposure")
_NOT_THE_MODELS = ("unit", "name", "note")
"""Fields of a typed claim that a model does not set; the unit is found on exploration rows."""
_STRUCTURAL = "It follows from how the table is built, so it is no discovery."
_SURE = (
    "A rule of the data is verified with ease, and each verified claim raises the level of all others: note it with "
    "`open_question`, for a person to commit by itself."
)
_CHOSEN = "`{}` is made from what the claim speaks of: choosing rows by it, or holding it fixed, makes the claim true."
_ABSENT = ("not seen", "the opposite is seen")


class Claim(Arguments):
    """One claim and why it is worth testing."""

    claim: str | dict[str, Any]
    why: str = Field(default="", max_length=500)


class Propose(Arguments):
    """Arguments of `propose`."""

    claims: list[Claim] = Field(min_length=1, max_length=_A_CALL)


def propose(bench: Bench, arguments: Propose) -> Result:
    """Propose claims to be tested on rows that nobody has looked at. Few and clear ones: they share one error budget.

    Words that are read, names with blanks or signs in backticks: "wage higher for sex=male than female" · "churn=yes
    lower for contract=two-year" · "mean revenue higher for plan=gold" · "median wait lower for desk=a or b" ·
    "churn=yes higher where age > 40 and plan=gold" · "charges increases with age" · "visits > 0 higher for
    region=north" · "visits > 0 increases with age" · "claims per exposure higher for area=A" · "delay rises over date"
    · "sales higher from 2024-05-31 on" · "sales peaks in month 12" · "price is u-shaped over age around 45" (or
    inverted u-shaped) · "price levels off over size after 120" · "income ranks city: A > B > C" · "gap in wage by
    sex=male than female larger for region=north" · "slope of delay over date steeper for area=A" · "plan ~ region".
    To each, `among a=x and b>=2` may be added: within those rows alone; or `given c, d`: held fixed. The claims that
    other tools show are read as they stand. Rules that nearly every row keeps ("age is never missing") are refused:
    note them with `open_question`.

    Args:
        claims: {claim, why}, at most twelve. Commit to a direction and to levels or cuts: what is vague cannot fail.

    Example:
        {"claims": [{"claim": "churn=yes higher for contract=month-to-month", "why": "No notice period binds them."}]}
    """
    told = [_proposed(bench, one) for one in arguments.claims]
    return {"claims": told, "left": MOST - _accepted(bench)}


PROPOSE = tool(propose)


def _accepted(bench: Bench) -> int:
    return sum(p.hypothesis is not None for p in bench.proposals)


def _proposed(bench: Bench, one: Claim) -> Result:
    """One claim with what became of it; the bench remembers it."""
    text = one.claim if isinstance(one.claim, str) else _one_line(one.claim)
    why = visible(one.why)
    try:
        judged = _judged(bench, one)
    except HypothesisError as err:
        judged = _Judged(None, str(err), {})
    kept = judged.hypothesis if judged.refused is None else None
    bench.proposals.append(Proposal(visible(text), why, kept, judged.refused))
    # What was understood says which claim it is; only one that was not understood is said back.
    answer: Result = judged.told or {"claim": visible(text)[:120]}
    if judged.refused is not None:
        answer["refused"] = judged.refused
    elif kept is not None:
        answer["id"] = kept.content_id()
    return answer


class _Judged(NamedTuple):
    hypothesis: Hypothesis | None
    refused: str | None
    told: Result


def _judged(bench: Bench, one: Claim) -> _Judged:
    """The claim read and frozen, and whether it may join the batch.

    Raises:
        HypothesisError: if it cannot be read or frozen.
    """
    if _accepted(bench) >= MOST:
        raise HypothesisError(f"{MOST} claims were proposed already; more would share the same error budget.")
    h, told = read_claim(bench, one.claim)
    refused = _out_of_place(bench, h)
    if refused is not None or bench.privacy == "schema":
        return _Judged(h, refused, told)
    evidence = measure(h, bench.rows, split="exploration")
    refused = _not_seen(bench, h, evidence)
    if evidence.untestable is None:
        told |= figures(bench, h, evidence)
    return _Judged(h, refused, told)


def read_claim(bench: Bench, claim: str | dict[str, Any]) -> tuple[Hypothesis, Result]:
    """A claim as a model words it, read and frozen, and how it was understood.

    Raises:
        HypothesisError: if it cannot be read or frozen; the message holds nothing but what may be told.
    """
    [said] = stated(claim if isinstance(claim, str) else _typed(bench, claim))
    reading = read_by(bench, lambda names: understood(said, names))
    h = _frozen(bench, reading, said)
    return h, _understood(bench, h, claim if isinstance(claim, str) else str(claim))


def _typed(bench: Bench, data: Mapping[str, Any]) -> dict[str, Any]:
    """A typed claim without the fields that are not the model's, its columns by their own names."""
    return {k: _named(bench, k, v) for k, v in data.items() if k not in _NOT_THE_MODELS}


def _named(bench: Bench, key: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _named(bench, k, v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_named(bench, "column" if key in ("controls", "features") else key, v) for v in value]
    return column_of(bench, value, what=key).name if key in _COLUMN_FIELDS and isinstance(value, str) else value


def _frozen(bench: Bench, reading: Reading, said: Stated) -> Hypothesis:
    """The hypothesis with every constant fixed on exploration rows.

    Raises:
        HypothesisError: if that cannot be done; the message holds no label that may not be told.
    """
    try:
        return settled(reading, bench.columns, bench.rows, bench.nests)
    except HypothesisError as err:
        text = re.sub(r" Levels: .*$", "", str(err), flags=re.DOTALL)
        if bench.privacy == "schema":
            text = "Its labels or constants cannot be fixed: name them in the claim."
        raise HypothesisError(bench.masked(text, str(said.claim))) from err


def _understood(bench: Bench, h: Hypothesis, said: str) -> Result:
    """The claim as it will be tested; in `schema` without labels that the model did not name itself."""
    if bench.privacy == "schema" and any(level not in said for _, level in named_levels(h)):
        return {"understood": f"a {h.family.replace('_', ' ')} of {bench.id(h.outcome)} by {bench.id(h.predictor)}"}
    text = bench.masked(FAMILIES[h.family].claim(h), said)
    return {"understood": visible(text)[:400]}


def _out_of_place(bench: Bench, h: Hypothesis) -> str | None:
    """Why a claim that can be read does not belong in the batch, whatever the rows show; None where it does."""
    if h.family == "invariant":
        return _SURE
    if h.follows_from(bench.barred):
        return _STRUCTURAL
    unfit = beyond(h)
    if unfit is not None:
        return bench.masked(unfit)
    chosen = _made_of(bench, h)
    if chosen is not None:
        return _CHOSEN.format(bench.id(chosen))
    if not bench.focus.admits(h.outcome, h.predictor) and not _asked(bench, h):
        wanted = bench.focus.outcome or " or ".join(bench.focus.about)
        return f"The user asked about {bench.id(wanted)}, which takes no part in it."
    if bench.privacy != "schema" and where_any(h, bench.often_zero) != h:
        name = word(bench.id(h.outcome))
        return (
            f"{name} is often 0: claim how often there is any ('{name} > 0 higher for …' or '{name} > 0 increases with "
            f"…') and how much there then is ('… among {name} > 0') apart."
        )
    for at, earlier in enumerate(bench.proposals, 1):
        if earlier.hypothesis is not None and same_way(earlier.hypothesis, h):
            return f"It says the same as claim {at} of this run: {earlier.claim[:80]!r}."
    return None


def _made_of(bench: Bench, h: Hypothesis) -> str | None:
    """A column of the filter or among the controls that is tied to both sides of the claim: a total of them, say."""
    own = set(h.columns) - {t.column for t in h.where} - set(h.controls) | {h.outcome, h.predictor}
    for name in (*(t.column for t in h.where), *h.controls):
        if sum(frozenset((name, side)) in bench.barred for side in own - {name}) >= 2:
            return name
    return None


def _asked(bench: Bench, h: Hypothesis) -> bool:
    """Whether a claim on several columns has those that the user asked about."""
    if bench.focus.outcome is not None and bench.focus.outcome not in h.columns:
        return False
    return not bench.focus.about or bool(set(bench.focus.about) & set(h.columns))


def _not_seen(bench: Bench, h: Hypothesis, evidence: Evidence) -> str | None:
    """Why exploration rows give no ground for a claim; None where they do."""
    if evidence.untestable is not None:
        return f"It cannot be tested on exploration rows: {untestable(bench, evidence.untestable)}"
    seen = clearness(evidence, directed=getattr(h, "direction", "any") != "any")
    if seen == _ABSENT[0]:
        return "Exploration rows show no such effect: it would spend error budget on nothing."
    if seen == _ABSENT[1]:
        return "Exploration rows show the opposite: state it the other way round if it matters."
    return None


def _one_line(data: Mapping[str, Any]) -> str:
    """A typed claim as one line, for the record."""
    parts = ", ".join(f"{k}={v}" for k, v in sorted(data.items(), key=lambda item: str(item[0])))
    return parts[:300]


class Question(Arguments):
    """Arguments of `open_question`."""

    question: str = Field(min_length=3, max_length=500)


def open_question(bench: Bench, arguments: Question) -> Result:
    """Note a question that the table cannot answer or that a person should look at; it is printed, never tested.

    Args:
        question: One sentence without figures: what is unclear, and what would settle it.

    Example:
        {"question": "Is `tenure` counted from the first contract or from the last renewal?"}
    """
    text = visible(arguments.question).replace("://", ": //")
    if _has_figures(bench, text):
        raise UsageError("A question stands in the report, where every figure is computed: ask it without digits.")
    if text not in bench.open_questions and len(bench.open_questions) < MOST:
        bench.open_questions.append(text)
    return {"noted": len(bench.open_questions)}


def _has_figures(bench: Bench, text: str) -> bool:
    """Whether a text has numerals of any script outside the names of columns and the labels that may be told."""
    names = {*bench.columns, *bench.ids.values(), *(x for c in bench.columns.values() for x, _ in bench.levels(c))}
    for name in sorted((n for n in names if not n.isnumeric()), key=len, reverse=True):
        text = text.replace(name, " ")
    return any(unicodedata.category(c)[0] == "N" for c in unicodedata.normalize("NFKC", text))


OPEN_QUESTION = tool(open_question)
