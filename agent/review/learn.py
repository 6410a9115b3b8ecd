"""`heldout learn`: what holds in a data set, written down so that its next deliveries can be held to it.

Knows the main job, its open rows and the claims file. Must never look at a row that is still sealed: findings were
verified on the vault, rules are learned on exploration rows and checked on rows of the opened vault, and the
distributions are those of all rows that are open by then.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from heldout.version import __version__

from ...tools.data.readers_binary import quoted
from ...tools.data.schema import Column
from ...tools.data.split import SealedSplit
from ...tools.data.split_typed import explored_typed
from ...tools.errors import UsageError
from ...tools.review.findings import baseline_of, short_sentence
from ...tools.review.history import Estimate, History, Reviewed
from ...tools.review.invariants import ProposedRule, confirm_rules, learn_rules
from ...tools.review.invariants_words import says
from ...tools.review.learned import Fresh, Independence, LearnedClaim, LearnedClaims, LearnedColumn
from ...tools.review.naming import is_compared
from ...tools.review.sketch import Sketch
from ...tools.review.sketching import sketch_of
from ...tools.value import canonical_json, counted, digest
from ...tools.verify.disclosure import burnt_typed
from ...tools.verify.evidence import Verdict
from ...tools.writing import write_whole
from ..folders import run_folder
from ..pipeline import Ran, described, run
from ..report.explanation import Explanation
from ..sealing import Progress
from .baselines import baseline_id, history_of
from .claims_yaml import write_claims
from .sources import to_learn

HALVES = 2
_TOLD = {
    "finding": "verified on sealed rows", "invariant": "checked on rows that they were not learned on",
    "distribution": "how each column looks",
}  # fmt: skip
_ID = 10


class Learned(NamedTuple):
    """What was learned, and where it was written."""

    claims: LearnedClaims
    explanation: Explanation
    path: Path
    history: Path

    def to_text(self) -> str:
        """A few lines: what was written, and what to do next."""
        count = {k: sum(c.kind == k for c in self.claims.claims) for k in ("finding", "invariant", "distribution")}
        lines = [f"Learned from {self.claims.source} ({counted(self.claims.rows, 'row')}):"]
        for kind, told in _TOLD.items():
            lines.append(f"  {counted(count[kind], kind)}, {told}")
        lines += [f"    {c.says}" for c in self.claims.claims if c.kind == "finding"][:8]
        if self.explanation.result.message and not count["finding"]:
            lines.append(f"  {self.explanation.result.message}")
        lines += [
            f"Written: {self.path} (yours: read it, edit it, keep it in git) and {self.history} (keep it beside).",
            f"Next: heldout review DELIVERY --claims {self.path}",
        ]
        return "\n".join(lines)


def learn(
    source: object, out: str | Path = "claims.yml", *, key: Sequence[str] = (), replace: bool = False,
    ledger: str | Path | None = None, progress: Progress | None = None, **options: Any,
) -> Learned:  # fmt: skip
    """Learn what holds in a data set and write it as a claims file.

    Args:
        source: One table, as for `explain`, a folder of Parquet or delimited files, or a PostgreSQL address.
        out: The claims file; the history is written beside it.
        key: Columns that name a row.
        replace: Write over a claims file that is there.
        ledger: As for `explain`.
        progress: Called with one line at the start of each stage.
        options: All further options of `explain`.

    Raises:
        UsageError: if the file is there already, or `key` names what the data do not have.
        DataError, NoVaultLeft, LedgerError: as for `explain`.
    """
    path = Path(out)
    if path.exists() and not replace:
        raise UsageError(
            f"'{path}' is there already, and may hold edits. Accept new data with `heldout rebaseline --claims "
            f"{path}`, name another file with `--out`, or write over it with `--replace`."
        )
    history = History(history_of(path))
    time = options.get("time")
    kept: list[tuple[LearnedClaims, Sketch]] = []

    def keep(ran: Ran) -> None:
        (progress or _silent)("Learning rules and distributions")
        kept.append(_learned(ran, tuple(key), time))

    with run_folder() as folder:
        here = to_learn(source, folder, **{k: options.get(k) for k in ("table", "name", "limits")})
        how, settings = described(**{**options, "table": here.table, "name": here.name})
        explanation = run(here.source, how._replace(typed=True), settings, ledger, progress, keep)
    claims, sketch = kept[0]
    claims = _most_useful_first(claims, explanation)
    with history.locked():  # first, since the claims file says that all is there: a run stopped in between starts anew
        history.append(_first(claims, sketch))
    _write(path, write_claims(claims))
    return Learned(claims, explanation, path, history.path)


def _most_useful_first(claims: LearnedClaims, explanation: Explanation) -> LearnedClaims:
    """Findings in the order of the report; what follows them stays."""
    rank = {f"find-{f.id[:_ID]}": f.rank for f in explanation.findings}
    ordered = sorted(claims.claims, key=lambda c: rank.get(c.id, len(rank) + 1))
    return claims.model_copy(update={"claims": tuple(ordered)})


def _silent(_: str) -> None:
    return None


def _first(claims: LearnedClaims, sketch: Sketch) -> Reviewed:
    """The learned data as the first entry of the history."""
    estimates = {
        c.id: Estimate(value=c.baseline.effect, standard_error=c.baseline.standard_error, n=c.baseline.rows)
        for c in claims.claims
        if c.baseline is not None
    }
    return Reviewed(
        number=0, name=claims.source, digest=claims.fingerprint, rows=claims.rows, baseline=baseline_id(claims),
        sketch=sketch, estimates=estimates,
    )  # fmt: skip


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text.encode("utf-8"))
    except OSError as err:
        raise UsageError(f"'{path}' cannot be written: {err.strerror}. Name another file with `--out`.") from err


def _learned(ran: Ran, key: tuple[str, ...], time: str | None) -> tuple[LearnedClaims, Sketch]:
    opened, plan = ran.opened, ran.split.plan
    columns: Mapping[str, Column] = {c.name: c for c in opened.columns}
    unknown = [name for name in key if name not in columns]
    if unknown:
        raise UsageError(f"`--key` names {unknown[0]!r}, which is no column. Columns: {', '.join(list(columns)[:12])}.")
    run_id = f"{opened.fingerprint[:12]}/{ran.receipt.session if ran.receipt else 0}"
    with run_folder() as folder, _Open(ran, folder) as rows:
        rows.check_key(key)
        rules = rows.rules(columns, ran)
        sketch = rows.sketch(columns, opened.name, opened.fingerprint)
    findings = [_finding(v, f, run_id) for v, f in _verified(ran)]
    claims = [
        *(f for f in findings if f is not None),
        *(_invariant(rule, columns, run_id) for rule in rules),
        *_distributions(sketch, run_id),
    ]
    dated = [p.rule.column for p in rules if isinstance(p.rule, Fresh)]
    units = plan.units if plan.kind == "entity" else None
    learned = LearnedClaims(
        source=opened.name, fingerprint=opened.fingerprint, rows=opened.rows, version=__version__, key=key,
        time=time or (dated[0] if dated else None),
        independence=Independence(kind=plan.kind, key=plan.key, block=plan.block, units=units),
        columns=tuple(_column(c) for c in opened.columns), claims=tuple(claims),
    )  # fmt: skip
    return learned, sketch


class _Open:
    """The rows of a run that may be looked at: those that rules are learned on, and those that they are checked on."""

    def __init__(self, ran: Ran, folder: Path) -> None:
        import duckdb

        self.con = duckdb.connect()
        self.con.execute("SET threads=2")
        split: SealedSplit = ran.split
        parts = []
        if split.plan.exploration_rows:
            parts.append(explored_typed(split.exploration_file, folder / "explored.parquet"))
        if ran.receipt is not None:
            parts.append(burnt_typed(split, ran.book, ran.receipt, folder / "opened.parquet"))
        files = [str(p).replace("'", "''") for p in parts]
        every = " UNION ALL ".join(f"SELECT * FROM '{f}'" for f in files)
        self.con.execute(f'CREATE TABLE "open" AS SELECT * FROM ({every}) ORDER BY _row')
        if len(files) == 2:
            self.con.execute(f"CREATE TABLE learning AS SELECT * FROM '{files[0]}' ORDER BY _row")
            self.con.execute(f"CREATE TABLE checking AS SELECT * FROM '{files[1]}' ORDER BY _row")
        else:  # no vault was opened, or there is nothing else: one half of the open rows learns, the other checks
            for name, half in (("learning", 0), ("checking", 1)):
                where = f"('0x' || left(md5(_row::VARCHAR), 8))::BIGINT % {HALVES} = {half}"
                self.con.execute(f'CREATE TABLE {name} AS SELECT * FROM "open" WHERE {where} ORDER BY _row')

    def __enter__(self) -> "_Open":
        return self

    def __exit__(self, *_: object) -> None:
        self.con.close()

    def _count(self, table: str) -> int:
        return int(self.con.execute(f'SELECT count(*) FROM "{table}"').fetchall()[0][0])

    def check_key(self, key: Sequence[str]) -> None:
        """Refuse a key that does not name one row each, as far as rows are open.

        Raises:
            UsageError: if two rows have the same values in it.
        """
        names = ", ".join(quoted(k) for k in key)
        twice = f'SELECT count(*) FROM (SELECT 1 FROM "open" GROUP BY {names} HAVING count(*) > 1)'
        repeated = int(self.con.execute(twice).fetchall()[0][0]) if key else 0
        if repeated:
            what = "value names" if repeated == 1 else "values name"
            raise UsageError(
                f"`--key {','.join(key)}` names no single row: {repeated:,} of its {what} several. Add a column to it, "
                "or leave it out."
            )

    def rules(self, columns: Mapping[str, Column], ran: Ran) -> Sequence[ProposedRule]:
        """The rules that the learning rows keep and the checking rows keep too."""
        proposed = learn_rules(self.con, "learning", columns, ran.explored.structure, ran.opened.rows)
        return confirm_rules(
            proposed, self.con, "checking", columns, self._count("checking"), learned="learning",
            copies=ran.split.plan.copies,
        )  # fmt: skip

    def sketch(self, columns: Mapping[str, Column], name: str, content: str) -> Sketch:
        """How the open rows are distributed."""
        return sketch_of(self.con, "open", columns, like=None, name=name, digest=content)


def _verified(ran: Ran) -> list[tuple[Verdict, str]]:
    """The verified claims that can be held on a delivery, with their sentences."""
    verdicts = ran.judged.verdicts if ran.judged else ()
    out = []
    for v in verdicts:
        modelled = any(p.property.kind in ("theme", "close", "judged") for p in v.hypothesis.texts)
        if v.outcome == "verified" and v.hypothesis.family != "invariant" and not modelled:
            out.append((v, short_sentence(v.hypothesis, v.evidence)))
    return out


def _finding(verdict: Verdict, sentence: str, run_id: str) -> LearnedClaim | None:
    baseline = baseline_of(verdict.evidence)
    if baseline is None:
        return None
    name = f"find-{verdict.hypothesis_id[:_ID]}"
    return LearnedClaim(
        id=name, says=sentence, kind="finding", finding=verdict.hypothesis, baseline=baseline, origin=run_id
    )


def _invariant(proposed: ProposedRule, columns: Mapping[str, Column], run_id: str) -> LearnedClaim:
    rule = proposed.rule
    name = f"inv-{digest(canonical_json(rule.as_json()))[:_ID]}"
    return LearnedClaim(
        id=name, says=says(rule, proposed.tolerance, columns), kind="invariant", invariant=rule,
        severity=proposed.severity, tolerance=proposed.tolerance, origin=run_id,
    )  # fmt: skip


def _distributions(sketch: Sketch, run_id: str) -> list[LearnedClaim]:
    return [
        LearnedClaim(
            id=f"dist-{digest(c.name)[:_ID]}", says=f"`{c.name}` is distributed as it was", kind="distribution",
            distribution=c, origin=run_id,
        )
        for c in sketch.columns
        if is_compared(c)
    ]  # fmt: skip


def _column(c: Column) -> LearnedColumn:
    return LearnedColumn(
        name=c.name, type=c.type, storage=c.storage, levels=c.levels, unit=c.unit, derived_from=c.derived_from
    )
