"""The analyst's own hypotheses on their way into a batch: understood, frozen, and matched with what was tested before.

Knows what was stated, the columns, exploration rows and committed claims. Must never know a sealed row, and must never
change what was stated to make it testable.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from ..tools.data.rows import Rows
from ..tools.data.schema import Column
from ..tools.errors import HypothesisError, NoVaultLeft
from ..tools.explore.lead import Structure
from ..tools.explore.nesting import Nests
from ..tools.explore.structure import structural_pairs
from ..tools.text.evaluate import NO_AIDS, Aids, with_properties
from ..tools.value import canonical_json
from ..tools.verify.evidence import Verdict
from ..tools.verify.families import FAMILIES
from ..tools.verify.hypothesis import Hypothesis, parse, sign
from ..tools.verify.texts import with_texts
from ..tools.verify.units import with_unit
from .claims_file import Stated
from .draft import Batch, Draft
from .report.result import Asked
from .same import relation, same_way
from .sentences.constants import checked, frozen
from .sentences.names import Names
from .sentences.reader import Reading, read

T = TypeVar("T")
STRUCTURAL = "Follows from how the table is built, so it is no discovery; it was not committed and costs nothing."


class Question(NamedTuple):
    """One stated hypothesis with what becomes of it before any sealed row is read."""

    reading: Reading
    hypothesis: Hypothesis
    finding: str | None
    """Id of the committed claim that answers it; None where none does."""
    state: str
    turned: int = 1
    """-1 where the committed claim says it the other way round."""
    reason: str | None = None

    @property
    def understood(self) -> str:
        """The claim as the family words it."""
        return FAMILIES[self.hypothesis.family].claim(self.hypothesis)


class Asking:
    """What a person wants verified."""

    def __init__(self, stated: Sequence[Stated]) -> None:
        self.stated = tuple(stated)
        self.readings: tuple[Reading, ...] = ()
        self.made: dict[str, Column] = {}
        """Properties of texts that were stated, as the columns that they will be."""
        self.questions: tuple[Question, ...] = ()

    def understand(self, columns: Mapping[str, Column], left_out: Mapping[str, str], texts: Sequence[str] = ()) -> None:
        """Read every stated hypothesis by the columns of the table, and by properties of its texts.

        Raises:
            HypothesisError: naming every hypothesis that cannot be read, and why.
        """
        names = Names(columns, left_out, texts)

        def one_of(at: int) -> Reading:
            reading = understood(self.stated[at], names)
            _testable(reading, names.columns)
            return reading

        self.readings = self._each(one_of)
        self.made = names.made

    def request(self) -> dict[str, Any]:
        """What was asked, for the digest by which the same question is known again; order does not matter."""
        return {"claims": sorted({canonical_json(_plain(r.fields)) for r in self.readings})}

    def freeze(
        self,
        columns: Mapping[str, Column],
        rows: Rows | None,
        structure: Sequence[Structure],
        tested: Sequence[Hypothesis] | None = None,
        aids: Aids = NO_AIDS,
    ) -> Batch:
        """Freeze every hypothesis, and say what is to be committed: each claim once.

        Args:
            columns: The analysed columns.
            rows: Exploration rows; None for a table too small to be split.
            structure: What follows from how the table is built: claims on it are not committed.
            tested: The one list that a small table was tested with already, which then has to answer.
            aids: Frozen models that stated properties of texts need.

        Raises:
            HypothesisError: if one cannot be frozen.
            NoVaultLeft: if `tested` answers none of them.
        """
        if self.made:
            columns = {**self.made, **columns}
            if rows is not None:
                rows = with_properties(rows, [c.computed for c in self.made.values() if c.computed], aids)
                columns = {**columns, **{name: rows.columns[name] for name in self.made}}
        barred, nests = structural_pairs(structure), None if rows is None else Nests(rows)
        out: list[Question] = []
        claims = self._each(lambda at: settled(self.readings[at], columns, rows, nests))
        for reading, h in zip(self.readings, claims, strict=True):
            earlier = next((k for k, q in enumerate(out, 1) if q.finding and same_way(q.hypothesis, h)), None)
            if h.follows_from(barred):
                out.append(Question(reading, h, None, "refused", reason=STRUCTURAL))
            elif earlier is not None:
                reason = f"Says the same as hypothesis {earlier}: counted once."
                out.append(Question(reading, h, out[earlier - 1].finding, "repeated", reason=reason))
            else:
                out.append(Question(reading, h, h.content_id(), "tested"))
        self.questions = tuple(out) if tested is None else answered(out, tested)
        drafts = tuple(Draft(q.hypothesis, 0.0, "user") for q in out if q.state == "tested")
        return Batch(drafts, len(out), sum(q.state == "repeated" for q in out))

    def refuse(self, reasons: Mapping[str, str]) -> Batch:
        """Take the claims of these ids out of what is to be committed, each with its reason."""
        self.questions = tuple(
            q._replace(finding=None, state="refused", reason=reasons[q.finding])
            if q.finding is not None and q.finding in reasons
            else q
            for q in self.questions
        )
        drafts = tuple(Draft(q.hypothesis, 0.0, "user") for q in self.questions if q.state == "tested")
        return Batch(drafts, len(self.questions), sum(q.state == "repeated" for q in self.questions))

    def _each(self, work: Callable[[int], T]) -> tuple[T, ...]:
        """What `work` makes of each stated hypothesis, by its place; every one that it refuses is told at once."""
        out, errors, n = [], [], len(self.stated)
        for at, one in enumerate(self.stated):
            try:
                out.append(work(at))
            except HypothesisError as err:
                errors.append(f"{_called(one, at + 1, n)}: {err}")
        if not errors:
            return tuple(out)
        head = [f"{len(errors)} of {n} hypotheses cannot be used; nothing was spent."] if len(errors) > 1 else []
        raise HypothesisError("\n".join([*head, *errors]))


def _testable(reading: Reading, columns: Mapping[str, Column]) -> None:
    """Refuse at once what no rows could be tested with, where no constant is left open that could tell."""
    try:
        h = parse(reading.fields)
    except HypothesisError:
        return  # a constant is open: told once it is read off exploration rows
    _refuse_untestable(h, columns)


def _refuse_untestable(h: Hypothesis, columns: Mapping[str, Column]) -> None:
    """Ask the family: what it refuses whatever the rows must be refused before a vault is spent on it."""
    FAMILIES[h.family].evaluate(h, Rows.none(columns), split="exploration", draws=0)


def settled(reading: Reading, columns: Mapping[str, Column], rows: Rows | None, nests: Nests | None) -> Hypothesis:
    """A reading as a frozen hypothesis with its unit, on columns that its family can test.

    Raises:
        HypothesisError: if a constant cannot be fixed, or the family refuses such columns whatever the rows.
    """
    h = frozen(reading, columns, rows)
    h = with_texts(h if nests is None else with_unit(h, nests), columns)
    _refuse_untestable(h, columns)
    return h


def answered(questions: Sequence[Question], claims: Sequence[Hypothesis]) -> tuple[Question, ...]:
    """The questions answered from the one list that a small table was tested with.

    Raises:
        NoVaultLeft: if that list answers none of them.
    """
    out = [_answered(q, claims) for q in questions]
    if any(q.finding for q in out):
        return tuple(out)
    raise NoVaultLeft(
        "All rows of this table were tested with one list of hypotheses already, and yours "
        f"{'is' if len(out) == 1 else 'are'} not on it. {out[0].reason} A new hypothesis needs new rows."
    )


def _answered(question: Question, claims: Sequence[Hypothesis]) -> Question:
    if question.state == "refused":
        return question
    for claim in claims:
        turned = relation(claim, question.hypothesis)
        if turned and (sign(claim) == 0 or same_way(claim, question.hypothesis)):
            reason = None if sign(claim) else "Answered from the closed family, which was tested without directions."
            return question._replace(finding=claim.content_id(), state="answered", turned=turned, reason=reason)
    pair = {question.hypothesis.outcome, question.hypothesis.predictor}
    near = [FAMILIES[c.family].claim(c) for c in claims if {c.outcome, c.predictor} == pair]
    reason = f"The list says of these columns: {'; '.join(near[:3])}." if near else "It says nothing of these columns."
    return question._replace(finding=None, state="refused", reason=reason)


def asked_of(questions: Sequence[Question], verdicts: Sequence[Verdict]) -> tuple[Asked, ...]:
    """Every stated hypothesis with its answer, for the report, in the order stated."""
    known = {v.hypothesis_id: v for v in verdicts}
    return tuple(_asked(q, known.get(q.finding or "")) for q in questions)


def _asked(question: Question, verdict: Verdict | None) -> Asked:
    outcome, reason = (None if verdict is None else verdict.outcome), question.reason
    theta = 0.0 if verdict is None else verdict.evidence.theta or 0.0
    wanted = sign(question.hypothesis) * question.turned
    if question.state == "answered" and outcome == "verified" and not sign(verdict.hypothesis) and wanted * theta < 0:  # pyright: ignore
        outcome, reason = "refuted", f"{reason or ''} On these rows the effect points the other way.".strip()
    if question.state == "refused":
        outcome = "untestable"
    return Asked(
        text=question.reading.text,
        name=question.reading.name,
        note=question.reading.note,
        understood=question.understood,
        supplied=question.reading.notes,
        finding=question.finding,
        state=question.state,  # pyright: ignore[reportArgumentType]
        outcome=outcome,
        reason=reason,
    )


def understood(one: Stated, names: Names) -> Reading:
    """What was stated, read by the columns of the table; constants that the words leave open are missing.

    Raises:
        HypothesisError: if it cannot be read, or its kind cannot be tested.
    """
    if one.error is not None:
        raise HypothesisError(one.error)
    if isinstance(one.claim, str):
        reading = read(one.claim, names)
    else:
        text = json.dumps(_plain(one.claim), ensure_ascii=False, sort_keys=True)
        reading = checked(one.claim, text, names)
    _fits(reading, names)
    return reading._replace(name=one.name, note=one.note)


def _fits(reading: Reading, names: Names) -> None:
    """Refuse now what cannot be parsed once its open constants are known."""
    supplied = {
        "group_difference": {"levels": {"a": ["?"]}},
        "rate_difference": {"levels": {"a": ["?"]}},
        "categorical_association": {"outcome_levels": (), "predictor_levels": ()},
    }
    h = parse({**supplied.get(reading.fields["family"], {}), **reading.fields})
    if h.family not in FAMILIES:
        known = ", ".join(name.replace("_", " ") for name in FAMILIES)
        raise HypothesisError(
            f"Understood as a claim of the family {h.family.replace('_', ' ')}, which this version cannot test. "
            f"It can test: {known}."
        )


def _called(one: Stated, at: int, of: int) -> str:
    """How an error names a hypothesis: by its place, its name where it has one, and its words."""
    words = one.claim if isinstance(one.claim, str) else f"a typed {one.claim.get('family', 'claim')}"
    head = one.place or "Hypothesis" + (f" {at}" if of > 1 else "")
    return f"{head}{f', {one.name}' if one.name else ''} ({words[:120]!r})"


def _plain(value: Any) -> Any:
    """Tuples as lists, and everything that JSON does not know as text."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)
