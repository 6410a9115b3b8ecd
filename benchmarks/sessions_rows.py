"""Ten sessions on rows: tables of 6,000 rows, claims on shares by group, p-values of the product's family.

Five events and thirty labels; an event depends on a share of the labels, which are independent of each other. A claim
says that an event is likelier among the first two of a label's five levels than among the others, in all rows or where
other labels do not have some level: a near-copy of it. Ours goes the product's way: the table is sealed, a batch is
committed to a ledger, its vault is opened on the receipt, judged and revealed; a session without a vault is refused by
the product. With ten vaults the same held-out rows lie in ten parts. What else there is tests the same claims by the
same family on all held-out rows, session after session.

The world of every share of truths has events of its own beside the same labels, so that a table is sealed once.
"""

import json
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from benchmarks.sessions_judges import PRODUCT, QUESTIONS, SESSIONS, Arm, Array, Q, Seen
from benchmarks.sessions_z import probing
from heldout.tools.data.dataset import open_dataset
from heldout.tools.data.rows import Rows
from heldout.tools.data.split import SealedSplit, VaultPlan, seal
from heldout.tools.errors import NoVaultLeft
from heldout.tools.verify import verify as door
from heldout.tools.verify.evidence import Evidence
from heldout.tools.verify.families import FAMILIES
from heldout.tools.verify.hypothesis import Hypothesis, parse
from heldout.tools.verify.ledger import Ledger
from heldout.tools.verify.policy import make_rule
from heldout.tools.verify.seals import record_seal
from heldout.tools.verify.sessions import commit, record_reveal
from heldout.tools.verify.verdict import Claim, locked_p

ROWS, EVENTS, LABELS, LEVELS = 6_000, 5, 30, "abcde"
EFFECTS = (0.1, 0.6)
"""Range of the true effects, in standard deviations of what lies behind an event."""
FIRST, OTHERS = ["a", "b"], ["c", "d", "e"]
Parts = tuple[tuple[int, str], ...]
"""(label, level that rows must not have)."""


class Question(NamedTuple):
    """One claim: an event by a label, where other labels do not have some level, in a direction."""

    event: int
    label: int
    sign: int
    without: Parts = ()


class Answer(NamedTuple):
    """What was shown of a claim: how far the estimate lies on the claimed side, in standard errors."""

    question: Question
    z: float
    verified: bool


class Shelf(SealedSplit):
    """A sealed split that keeps what it has read, or the same held-out rows in more vaults."""

    def __init__(self, split: SealedSplit, weights: tuple[float, ...]) -> None:
        vars(self).update(vars(split))
        known = {f"vault_{v.number}": split.read(split.sealed_file, f"vault_{v.number}") for v in split.plan.vaults}
        if weights != tuple(v.weight for v in split.plan.vaults):
            # Rows of a vault lie in no order that says anything: they were written by their content's digest.
            held = Rows.joined(list(known.values()))
            part = np.arange(held.n) * len(weights) // held.n
            known = {f"vault_{n}": held.select(part == n - 1) for n in range(1, len(weights) + 1)}
            vaults = tuple(
                VaultPlan(number=n, rows=known[f"vault_{n}"].n, units=known[f"vault_{n}"].n, weight=w)
                for n, w in enumerate(weights, 1)
            )
            self.plan = split.plan.model_copy(update={"vaults": vaults})
        self.known = known

    def read(self, file: Path, table: str) -> Rows:
        """The rows of one vault, as they were read once."""
        del file
        return self.known[table]


class Table:
    """One sealed table with the worlds of several shares of truths."""

    def __init__(self, shares: Sequence[float], seed: int, folder: Path, rows: int = ROWS) -> None:
        rng = np.random.default_rng([seed, 41])
        codes = rng.integers(0, len(LEVELS), (rows, LABELS))
        frame, self.effects = {}, {}
        for share in shares:
            true = rng.random((LABELS, EVENTS)) < share
            b = true * rng.uniform(*EFFECTS, true.shape) * rng.choice([-1.0, 1.0], true.shape)
            behind = ((codes < 2) - 0.4) @ b + rng.standard_normal((rows, EVENTS))
            self.effects[share] = b
            frame |= {_event(share, e): np.where(behind[:, e] > 0.5, "yes", "no") for e in range(EVENTS)}
        frame |= {f"g{j}": np.array(list(LEVELS))[codes[:, j]] for j in range(LABELS)}
        with open_dataset(pd.DataFrame(frame), name="sessions") as data:
            self.split, self.dataset = seal(data, folder), data.fingerprint
        self.folder, self.seed = folder, seed
        self.shelves = cache(lambda weights: Shelf(self.split, weights))
        self.evidence, self.leaning = cache(self._evidence), cache(self._leaning)
        self._explored = self.split.explore()
        plain = self.shelves(tuple(v.weight for v in self.split.plan.vaults))
        self.held_out = Rows.joined(list(plain.known.values()))

    def _evidence(self, claim: Hypothesis) -> Evidence:
        """The claim on all held-out rows."""
        return FAMILIES[claim.family].evaluate(claim, self.held_out, draws=door.DRAWS, seed=door.seed_of(claim))

    def _leaning(self, share: float, event: int, label: int) -> int:
        """The side on which exploration rows lie."""
        first = self._explored.level_mask(f"g{label}", FIRST)
        hit = self._explored.level_mask(_event(share, event), ["yes"])
        return 1 if hit[first].mean() >= hit[~first].mean() else -1

    def is_true(self, share: float, q: Question) -> bool:
        """Whether the claim is true: filters on other labels, which are independent, do not matter."""
        return bool(self.effects[share][q.label, q.event] * q.sign > 0)


def _event(share: float, at: int) -> str:
    return f"e{round(100 * share)}_{at}"


def claim_of(share: float, q: Question) -> Hypothesis:
    """The claim in the product's grammar."""
    where = [{"column": f"g{label}", "op": "!=", "value": level} for label, level in q.without]
    return parse({
        "family": "rate_difference", "outcome": _event(share, q.event), "event": "yes", "predictor": f"g{q.label}",
        "levels": {"a": FIRST, "b": OTHERS}, "direction": "higher" if q.sign > 0 else "lower", "where": where,
    })  # fmt: skip


class Run:
    """One data set under one procedure: what was asked and shown so far."""

    def __init__(self, table: Table, share: float, arm: Arm, seed: int) -> None:
        self.table, self.share, self.arm, self.rng = table, share, arm, np.random.default_rng([seed, 43])
        pairs = [(e, j) for e in range(EVENTS) for j in range(LABELS)]
        self.ideas = [pairs[at] for at in self.rng.permutation(len(pairs))]
        self.shown: list[Answer] = []

    def idea(self) -> Question:
        """The next pair that nobody asked for."""
        event, label = self.ideas.pop(0)
        return Question(event, label, self.table.leaning(self.share, event, label))

    def near(self, q: Question, sign: int) -> Question:
        """The claim without a further level of another label: four in five of its rows, three filters at most."""
        free = [j for j in range(LABELS) if j != q.label and j not in {label for label, _ in q.without}]
        one = (int(self.rng.choice(free)), str(self.rng.choice(list(LEVELS))))
        kept = q.without if len(q.without) < 3 else q.without[1:]
        return Question(q.event, q.label, sign, tuple(sorted((*kept, one))))

    def failed(self) -> list[Answer]:
        """What was not verified, what looks best first."""
        return sorted((a for a in self.shown if not a.verified), key=lambda a: -abs(a.z))

    def seen(self) -> Seen:
        """What became of it."""
        true = np.array([self.table.is_true(self.share, a.question) for a in self.shown])
        found = np.array([a.verified for a in self.shown])
        return Seen(*(np.array([int(x.sum())]) for x in (found, found & ~true, true)))


def fixed(run: Run, session: int, sessions: int) -> list[Question]:
    """A list that was made beforehand, with directions from exploration rows."""
    return [run.idea() for _ in range(QUESTIONS)]


def follow(run: Run, session: int, sessions: int) -> list[Question]:
    """An honest person: findings again among other rows, what nearly held by other events, new ideas."""
    found, failed, out = [a for a in run.shown if a.verified], run.failed(), []
    for at in range(QUESTIONS):
        u = run.rng.random()
        if u < 0.4 and found:
            one = found[int(run.rng.integers(len(found)))].question
            out.append(run.near(one, one.sign))
        elif u < 0.75 and failed:
            one = failed[at % min(5, len(failed))].question
            out.append(run.near(one, one.sign))
        else:
            out.append(run.idea())
    return out


def fork(run: Run, session: int, sessions: int) -> list[Question]:
    """Seven in ten questions are near-copies of the best claims that failed, turned to the side they fell on."""
    failed, out = run.failed(), []
    for at in range(QUESTIONS):
        if failed and run.rng.random() < 0.7:
            best = failed[at % min(5, len(failed))]
            out.append(run.near(best.question, best.question.sign if best.z >= 0 else -best.question.sign))
        else:
            out.append(run.idea())
    return out


def regress(run: Run, session: int, sessions: int) -> list[Question]:
    """Plain pairs, then probes of the best false pair without two levels, then the filters that a regression tells."""
    probes = probing(sessions)
    if session == 0:
        return [run.idea() for _ in range(QUESTIONS)]
    null = [a for a in run.shown[:QUESTIONS] if run.table.effects[run.share][a.question.label, a.question.event] == 0]
    best = max(null, key=lambda a: abs(a.z))
    sign = best.question.sign if best.z >= 0 else -best.question.sign
    own = [a for a in run.shown[QUESTIONS:] if a.question[:2] == best.question[:2]]
    pool = [(j, level) for j in range(LABELS) if j != best.question.label for level in "ab"][:24]
    if session < max(probes, 2):
        drawn = [run.rng.choice(len(pool), 2, replace=False) for _ in range(QUESTIONS)]
        return [Question(*best.question[:2], sign, _apart(pool, pair)) for pair in drawn]
    design = np.array([[1.0, *(part in a.question.without for part in pool)] for a in own])
    z = np.array([a.z * a.question.sign * sign for a in own])
    believed = np.linalg.solve(design.T @ design + 0.5 * np.eye(design.shape[1]), design.T @ z)[1:]
    order = np.argsort(-believed)[:12]
    drawn = [run.rng.choice(order, 3, replace=False) for _ in range(QUESTIONS)]
    return [Question(*best.question[:2], sign, _apart(pool, three)) for three in drawn]


def _apart(pool: list[tuple[int, str]], at: Array) -> Parts:
    """These parts of the pool, one of each label."""
    return tuple(sorted({pool[i][0]: pool[i] for i in at}.values()))


ANALYSTS: dict[str, Callable[[Run, int, int], list[Question]]] = {
    "fixed list": fixed, "honest follow-ups": follow, "forking paths": fork, "regresses the noise": regress,
}  # fmt: skip


def play(table: Table, share: float, arm: Arm, analyst: str, seed: int) -> tuple[Seen, int]:
    """One data set under one procedure; also how many sessions were refused for want of a vault."""
    run = Run(table, share, arm, seed)
    if arm.ours:
        name = f"{arm.name}-{analyst}-{share}".replace(" ", "_").replace(",", "")
        answer = Product(run, table.folder / f"{name}.jsonl").answer
    else:
        answer = _Others(run).answer
    for session in range(SESSIONS):
        questions = list(dict.fromkeys(ANALYSTS[analyst](run, session, arm.asked)))
        try:
            run.shown += answer(questions, session)
        except NoVaultLeft:
            return run.seen(), SESSIONS - session
    return run.seen(), 0


class Product:
    """The product's way: a ledger, a receipt, the one door."""

    def __init__(self, run: Run, file: Path) -> None:
        self.run, self.book = run, Ledger(file)
        self.shelf, self.rule = run.table.shelves(run.arm.weights), make_rule(alpha=Q, strict=run.arm.strict)
        record_seal(self.book, run.table.dataset, self.shelf.plan)

    def answer(self, questions: Sequence[Question], session: int) -> list[Answer]:
        """Commit, open, judge, reveal: all numbers are shown.

        Raises:
            NoVaultLeft: as the product says it.
        """
        run, claims = self.run, [claim_of(self.run.share, q) for q in questions]
        receipt = commit(self.book, run.table.dataset, self.shelf.plan, claims, self.rule, request=f"session {session}")
        rows = door.open_vault(self.shelf, self.book, receipt, claims)
        judged = door.judge(
            claims, rows, self.rule, [None] * len(claims), weight=receipt.weight, earlier=receipt.earlier,
            split="held_out",
        )  # fmt: skip
        record_reveal(self.book, receipt, {v.hypothesis_id: v.outcome for v in judged.verdicts})
        pairs = zip(questions, judged.verdicts, strict=True)
        return [Answer(q, standing(v.evidence), v.outcome == "verified") for q, v in pairs]


class _Others:
    """The same claims by the same family on all held-out rows, judged by another procedure."""

    def __init__(self, run: Run) -> None:
        self.run, self.judge = run, run.arm.make(1)

    def answer(self, questions: Sequence[Question], session: int) -> list[Answer]:
        """All numbers are shown."""
        del session
        claims = [claim_of(self.run.share, q) for q in questions]
        every = [self.run.table.evidence(c) for c in claims]
        p = np.array([[locked_p(Claim(c, e, c.null)) for c, e in zip(claims, every, strict=True)]])
        verified = self.judge.session(p, 1.0)[0]
        return [Answer(q, standing(e), bool(v)) for q, e, v in zip(questions, every, verified, strict=True)]


def standing(evidence: Evidence) -> float:
    """How far an estimate lies on the claimed side, in standard errors; 0 where it was not measured."""
    return evidence.theta / evidence.standard_error if evidence.theta and evidence.standard_error else 0.0


def tables(
    arms: Sequence[Arm], shares: Sequence[float], seeds: range, *, every: int, keep: Path | None = None
) -> dict[tuple[str, float, str], Seen]:
    """What became of so many tables, by analyst, share of truths and procedure.

    Args:
        arms: The procedures.
        shares: Shares of truths.
        seeds: One table a seed.
        every: The procedures that are not ours see one table in so many, ours with ten vaults every second one; 0:
            the product's plan alone.
        keep: A folder in which each table's counts are kept, and from which they are taken where they are there.
    """
    out: dict[tuple[str, float, str], list[Seen]] = {}
    for seed in seeds:
        file = None if keep is None else keep / f"{seed}.json"
        if file is not None and file.is_file():
            counts = json.loads(file.read_text(encoding="utf-8"))
        else:
            counts = one_table([a for a in arms if _sees(a, seed, every)], shares, seed)
            if file is not None:
                file.write_text(json.dumps(counts), encoding="utf-8")
        for analyst, share, arm, *told in counts:
            out.setdefault((analyst, share, arm), []).append(Seen(*(np.array([n]) for n in told)))
    return {key: Seen(*(np.concatenate(part) for part in zip(*each, strict=True))) for key, each in out.items()}


def _sees(arm: Arm, seed: int, every: int) -> bool:
    """Whether a procedure sees a table: what is certified is the product's plan, which sees all."""
    if arm.ours and arm.weights == PRODUCT:
        return True
    return every > 0 and seed % (2 if arm.ours else every) == 0


def one_table(arms: Sequence[Arm], shares: Sequence[float], seed: int) -> list[list[str | float]]:
    """[who asks, share of truths, procedure, found, false, true] of everybody on one table."""
    out: list[list[str | float]] = []
    with tempfile.TemporaryDirectory() as folder:
        table = Table(shares, seed, Path(folder))
        for analyst in ANALYSTS:
            for share in shares:
                for arm in arms:
                    seen, refused = play(table, share, arm, analyst, seed)
                    assert refused == SESSIONS - arm.asked
                    out.append([analyst, share, arm.name, *(int(n[0]) for n in seen)])
    return out
