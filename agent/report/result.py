"""The result of a run as values: the public JSON contract, field by field.

Knows what is reported. Must never know how it was computed or how a page, a terminal or a chart shows it.
"""

from typing import Any, Literal

from pydantic import Field

from ...tools.data.schema import Note
from ...tools.data.tables_schema import Tables
from ...tools.explore.check import Check
from ...tools.explore.lead import Structure
from ...tools.text.summary import Example, TextSummary
from ...tools.value import Effect, Value
from ...tools.verify.adjustment import Adjustment as Adjusted
from ...tools.verify.evidence import Group, Labels, Outcome, Size
from ..usage import ModelUsage

SCHEMA_VERSION = 1


class Tool(Value):
    """Which program made the report."""

    name: Literal["heldout"] = "heldout"
    version: str


class ColumnSummary(Value):
    """One column as the report lists it; figures are of the exploration rows."""

    name: str
    type: str
    missing: int
    distinct: int
    unit: str | None = None
    role: str
    """`analysed`, or why the column was left out."""


class DatasetSummary(Value):
    """The data set as it was opened."""

    name: str
    fingerprint: str
    rows: int
    columns: tuple[ColumnSummary, ...]
    duplicates: int
    """Rows that repeat an earlier row exactly."""
    notes: tuple[Note, ...] = ()
    """Everything that was coerced, left out or looked wrong."""


class VaultSummary(Value):
    """One portion of the sealed rows."""

    number: int
    rows: int
    weight: float
    """Its share of the error budget."""
    state: Literal["sealed", "questioned", "opened", "burnt", "handed"]
    """questioned: by a thread that is still open; opened: for this report's batch; burnt: for an earlier batch, now
    among the exploration rows; handed: its rows were sealed again as part of another data set, which has it now."""
    explored: bool = False
    """Whether its rows were among the exploration rows of this report: it was burnt before the batch was committed."""


class KnownSummary(Value):
    """What was known of these rows from an earlier data set."""

    dataset: str
    """Fingerprint of the data set that most of them are known from."""
    name: str
    generation: int
    """How many generations of vaults, each with one error budget, these rows have seen."""
    units: int
    """Units that were sealed before."""
    new: int
    """Units that were not."""
    waiting: int
    """Units that lie on neither side until there are enough for vaults of their own."""


class SplitSummary(Value):
    """How the rows were divided and why."""

    kind: Literal["row", "entity", "time", "none"]
    key: str | None
    exploration_rows: int
    held_out_rows: int
    """Rows in every vault together."""
    vaults: tuple[VaultSummary, ...] = ()
    units: int
    """Units of independence in the whole table."""
    reason: str
    known: KnownSummary | None = Field(default=None, exclude_if=lambda known: known is None)
    """Where rows of these data were sealed before, as part of another data set."""


class Policy(Value):
    """The rule by which verdicts were reached, fixed before any sealed row was read."""

    alpha: float
    control: Literal["fdr", "fwer"]
    method: str
    smallest_effects: dict[str, float]
    refute_q: float = 0.05


class Counts(Value):
    """The denominator: how much was looked at, drafted, tested, and what became of it."""

    pairs: int
    """Pairs of columns scanned."""
    leads: int
    """Pairs that moved together on exploration rows."""
    drafted: int
    deduplicated: int
    """Drafts dropped because another draft says the same."""
    committed: int
    verified: int
    refuted: int
    inconclusive: int
    untestable: int


class HeldOut(Value):
    """The held-out evidence of one finding."""

    test: str
    statistic: float | None
    df: float | None
    n: int
    n_per_group: dict[str, int]
    missing: int
    clusters: int | None
    p_value: float | None
    p_permutation: float | None
    p_robust: float | None
    p_adjusted: float | None
    threshold: float | None
    effect: Effect | None
    in_units: Effect | None
    groups: tuple[Group, ...] = ()
    labels: tuple[Labels, ...] = Field(default=(), exclude_if=lambda labels: not labels)
    """Where a language model answered a question about the documents: how far its answers agree with themselves."""


class Explored(Value):
    """What the same claim looked like on exploration rows."""

    n: int
    effect: Effect | None
    in_units: Effect | None = None


class Adjustment(Adjusted):
    """Whether a verified claim survives with the other columns held fixed; a diagnostic, never a finding."""

    chart: dict[str, Any] | None = None
    """A Vega-Lite specification: the claim before and after adjustment."""


class Finding(Value):
    """One committed hypothesis with its verdict."""

    id: str
    family: str
    claim: str
    """The claim without figures."""
    sentence: str
    """The claim with its held-out figures."""
    hypothesis: dict[str, Any]
    outcome: Outcome
    size: Size | None
    reason: str
    held_out: HeldOut
    exploration: Explored | None
    smallest_effect: float
    detectable: float | None = None
    rows_needed: int | None = None
    adjustment: Adjustment = Adjustment()
    chart: dict[str, Any] | None = None
    """A Vega-Lite specification drawn from aggregates of the held-out rows."""
    warnings: tuple[str, ...] = ()
    examples: tuple[Example, ...] = ()
    """Of a verified claim on a property of texts: held-out documents that have it and that have it not, the first by
    digest; empty where documents are withheld."""
    source: Literal["rule", "model", "both", "user"] = "rule"
    rank: int
    """Order of usefulness among all findings, from 1."""
    headline: bool = False
    """Whether it stands on the first screen."""


class Asked(Value):
    """One hypothesis that the user stated, with what was understood and its answer."""

    text: str
    """The user's words, or the JSON of the typed claim."""
    name: str | None = None
    note: str | None = None
    understood: str
    """The claim as it was read, in the report's words."""
    supplied: tuple[str, ...] = ()
    """What was matched in another spelling or supplied by rule."""
    finding: str | None = None
    """Id of the finding that answers it."""
    state: Literal["tested", "repeated", "answered", "refused"]
    """tested: committed for this question; repeated: says the same as another; answered: by the list that these rows
    were tested with before; refused: not committed."""
    outcome: Outcome | None = None
    reason: str | None = None


class LedgerSummary(Value):
    """Where the record of this data set stands after the run."""

    head: str
    entries: int
    session: int | None
    """Which batch of this data set it is, from 1; None when no verdict was reached."""


class Result(Value):
    """The whole report as JSON. Everything but `timing` is a function of data, options and ledger."""

    schema_version: int = SCHEMA_VERSION
    tool: Tool
    dataset: DatasetSummary
    tables: Tables | None = None
    """Of several tables: which, how they are linked, and how their columns were made; None for one table."""
    split: SplitSummary
    policy: Policy
    counts: Counts
    structure: tuple[Structure, ...] = ()
    quality: tuple[Check, ...] = ()
    """What to check in the data, most pressing first; seen on exploration rows."""
    findings: tuple[Finding, ...] = ()
    profile: tuple[dict[str, Any], ...] = ()
    leads: tuple[dict[str, Any], ...] = ()
    """The strongest leads, for reading on: exploratory, never findings."""
    segments: tuple[dict[str, Any], ...] = ()
    text: tuple[TextSummary, ...] = ()
    """Each column of text: its documents, themes and map, on exploration rows."""
    documents: dict[str, str] = Field(default_factory=dict)
    """By column of text that a claim reads: one sha256 of all documents of the opened rows."""
    model: ModelUsage | None = None
    """A language model's part in the run; None where none was asked."""
    summary: tuple[str, ...] = ()
    """Sentences that the model worded, each checked against the finding it cites, its figures filled in by code."""
    focus: dict[str, Any] = Field(default_factory=dict)
    """The `outcome` and `about` columns that the user named."""
    marks: dict[str, list[str]] = Field(default_factory=dict)
    """The columns that the user marked as `causes`, `consequences` and `later`."""
    asked: tuple[Asked, ...] = ()
    """The hypotheses that the user stated, in their order; empty where the drafts came from the leads."""
    message: str | None = None
    """Why there are no verdicts, and what to do, where there are none."""
    ledger: LedgerSummary | None = None
    timing: dict[str, float] = Field(default_factory=dict)
