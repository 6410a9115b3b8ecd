"""Questions in a thread: what each has to meet, what the ledger holds, and that no crash costs or gains a look."""

from fractions import Fraction
from math import comb
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr

from benchmarks import threads as simulation
from heldout.tools.data.dataset import open_dataset
from heldout.tools.data.split import Plan, SealedSplit, VaultPlan, seal
from heldout.tools.errors import LedgerError, NoVaultLeft, SealBroken
from heldout.tools.verify.disclosure import burnt_table
from heldout.tools.verify.exposures import record_exposed
from heldout.tools.verify.hypothesis import Hypothesis, parse
from heldout.tools.verify.ledger import Ledger
from heldout.tools.verify.policy import make_rule
from heldout.tools.verify.sessions import CLOSE, commit, next_vault, receipt_of, record_open, record_reveal, sessions
from heldout.tools.verify.transcript import (
    MOST,
    begin,
    claims_of,
    commit_claim,
    level,
    open_thread,
    question_of,
    record_verdict,
    rejection,
    share,
    spending,
    thread_receipt,
    threads,
    together,
    verified_claims,
)
from heldout.tools.verify.verify import answer, burnt_rows, open_vault, reveal, verify

DATA = "d" * 64
RULE = make_rule()
PLAN = Plan(
    kind="row", key=None, salt="5a17", reason="Rows stand for themselves.", units=2_000, rows=2_000,
    exploration_rows=1_000, exploration_share=0.5,
    vaults=tuple(VaultPlan(number=n, rows=r, units=r, weight=w) for n, r, w in ((1, 600, 0.6), (2, 200, 0.2),
                                                                               (3, 200, 0.2))),
)  # fmt: skip


def rising(outcome: str, predictor: str = "visits") -> Hypothesis:
    return parse(
        {"family": "monotone_association", "outcome": outcome, "predictor": predictor, "direction": "increasing"}
    )


A, B, C = rising("spend"), rising("noise"), rising("luck")


@pytest.fixture
def book(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "book.jsonl")


@pytest.fixture(scope="module")
def split(planted: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> SealedSplit:
    with open_dataset(planted, name="planted") as data:
        return seal(data, tmp_path_factory.mktemp("split"))


def told(book: Ledger, claims: list[Hypothesis], verdicts: list[bool], plan: Plan = PLAN) -> None:
    """A thread in which each claim got this verdict."""
    begin(book, DATA, plan, RULE, request="t")
    for claim, verified in zip(claims, verdicts, strict=True):
        record_verdict(book, DATA, commit_claim(book, DATA, claim), verified)


def ask(book: Ledger, split: SealedSplit, claim: Hypothesis) -> bool:
    begin(book, DATA, split.plan, RULE, request="t")
    thread = commit_claim(book, DATA, claim)
    return answer(split, book, thread_receipt(book, DATA, thread), claims_of(thread))


# Levels


def test_over_the_whole_tree_of_verdicts_the_shares_sum_to_one() -> None:
    """Counted in fractions over every history, each of the C(t, r) histories for itself."""
    whole = sum(Fraction(1, t) for t in range(1, MOST + 1))
    total = sum(
        comb(t, r) * Fraction(1, (t + 1) * (t + 1) * comb(t, r)) / whole for t in range(MOST) for r in range(t + 1)
    )
    assert total == 1
    assert sum(comb(t, r) * share(t, r) for t in range(MOST) for r in range(t + 1)) == pytest.approx(1, abs=1e-12)
    assert sum(spending(t) for t in range(MOST)) == pytest.approx(1, abs=1e-12)
    assert spending(MOST) == 0.0


@pytest.mark.parametrize(("asked", "verified", "earlier", "weight"), [(0, 0, 0, 1.0), (7, 3, 2, 0.6), (49, 12, 0, 0.2)])
def test_a_level_is_the_formula_of_the_decision(asked: int, verified: int, earlier: int, weight: float) -> None:
    gamma = 1 / ((asked + 1) * sum(1 / t for t in range(1, 51)))
    own = 0.05 * weight * gamma / ((asked + 1) * comb(asked, verified))
    fdr = level(RULE, weight, asked=asked, verified=verified, earlier=earlier)
    assert fdr == pytest.approx(own * (earlier + verified + 1), rel=1e-12)
    strict = level(make_rule(strict=True), weight, asked=asked, verified=verified, earlier=earlier)
    assert strict == pytest.approx(own, rel=1e-12)


def test_no_level_exceeds_the_promised_rate_however_much_was_found_before() -> None:
    assert level(RULE, 1.0, asked=0, verified=0, earlier=10_000) == RULE.alpha


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("p", [0.0, 1e-6, 0.004, 0.2, 1.0])
def test_the_adjusted_p_of_a_question_is_the_error_level_at_which_it_is_just_verified(p: float, strict: bool) -> None:
    rule = make_rule(strict=strict)
    ledger_thread = threads_of_one(rule)
    question = ledger_thread.questions[0]
    own = rejection(p, ledger_thread, question)
    assert own.rejected[0] == (own.adjusted[0] <= rule.alpha) == (p <= question.level)
    if 0 < own.adjusted[0] < 0.49:
        at = make_rule(alpha=own.adjusted[0], strict=strict)
        assert level(at, 0.6, asked=0, verified=0, earlier=0) == pytest.approx(p, rel=1e-9)
    both = together([own, rejection(0.0, ledger_thread, question)])
    assert both.rejected == (own.rejected[0], True)


def threads_of_one(rule):
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        book = Ledger(Path(folder) / "l")
        begin(book, DATA, PLAN, rule, request="t")
        return commit_claim(book, DATA, A)


# The ledger


def test_a_thread_takes_the_next_vault_with_its_first_claim_and_writes_what_each_has_to_meet(book: Ledger) -> None:
    told(book, [A, B], [True, False])
    assert [e.kind for e in book.entries()] == [
        "thread_open", "thread_claim", "thread_verdict", "thread_claim", "thread_verdict",
    ]  # fmt: skip
    [thread] = threads(book, DATA)
    assert (thread.vault, thread.weight, thread.found, thread.left) == (1, 0.6, 1, MOST - 2)
    wanted = [level(RULE, 0.6, asked=0, verified=0, earlier=0), level(RULE, 0.6, asked=1, verified=1, earlier=0)]
    assert [q.level for q in thread.questions] == wanted
    assert [q.verified for q in thread.questions] == [True, False]


def test_a_verdict_in_the_ledger_says_verified_or_not_and_nothing_else(book: Ledger) -> None:
    told(book, [A], [True])
    assert book.entries()[-1].body == {"number": 1, "question": 1, "verified": True}


def test_an_open_thread_holds_its_vault_but_does_not_burn_it(book: Ledger, split: SealedSplit) -> None:
    told(book, [A], [True])
    [session] = sessions(book, DATA)
    assert (session.opened, session.burnt, session.discoveries) == (True, False, 1)
    assert next_vault(PLAN, sessions(book, DATA)) == 2
    assert burnt_rows(split, book, DATA) == []
    with pytest.raises(SealBroken, match="still sealed"):
        burnt_table(split, book, receipt_of(book, DATA, session), [A])


def test_when_only_the_threads_vault_is_left_the_error_says_how_to_close_it(book: Ledger) -> None:
    one = PLAN.model_copy(update={"vaults": PLAN.vaults[:1]})
    told(book, [A], [False], one)
    with pytest.raises(NoVaultLeft) as err:
        next_vault(one, sessions(book, DATA))
    assert f"close it with `{CLOSE}`" in str(err.value)


def test_a_thread_that_asked_nothing_gives_way_to_a_batch(book: Ledger) -> None:
    begin(book, DATA, PLAN, RULE, request="t")
    assert next_vault(PLAN, sessions(book, DATA)) == 1
    receipt = commit(book, DATA, PLAN, [A], RULE, request="r")
    assert receipt.vault == 1
    assert open_thread(book, DATA) is None
    with pytest.raises(SealBroken, match="no thread of questions is open"):
        commit_claim(book, DATA, B)
    record_open(book, receipt)
    assert begin(book, DATA, PLAN, RULE, request="t").vault == 2


def test_a_batch_that_was_never_opened_gives_way_to_a_thread(book: Ledger, split: SealedSplit) -> None:
    old = commit(book, DATA, split.plan, [A], RULE, request="r")
    told(book, [B], [False], split.plan)
    with pytest.raises(SealBroken):
        open_vault(split, book, old, [A])


def test_discoveries_count_across_batches_and_threads_in_the_order_in_which_they_were_told(book: Ledger) -> None:
    first = commit(book, DATA, PLAN, [A, B], RULE, request="r")
    record_open(book, first)
    record_reveal(book, first, {A.content_id(): "verified", B.content_id(): "verified"})
    told(book, [A, B], [True, False])
    second = commit(book, DATA, PLAN, [C], RULE, request="s")
    assert (second.vault, second.earlier) == (3, 3)
    record_open(book, second)
    record_reveal(book, second, {C.content_id(): "verified"})
    thread = commit_claim(book, DATA, C)
    assert [q.earlier for q in thread.questions] == [2, 2, 3]
    assert thread.questions[2].level == level(RULE, 0.2, asked=2, verified=1, earlier=3)


def test_the_same_claim_is_written_once(book: Ledger) -> None:
    told(book, [A], [False])
    lines = len(book.entries())
    thread = commit_claim(book, DATA, A)
    assert len(book.entries()) == lines
    question = question_of(thread, A)
    assert question is not None
    assert question.verified is False


def test_no_claim_is_committed_while_another_waits_for_its_verdict(book: Ledger) -> None:
    begin(book, DATA, PLAN, RULE, request="t")
    thread = commit_claim(book, DATA, A)
    assert thread.pending == thread.questions[0]
    with pytest.raises(SealBroken, match="was not answered yet"):
        commit_claim(book, DATA, B)
    record_verdict(book, DATA, thread, False)
    with pytest.raises(SealBroken, match="waits for a verdict"):
        record_verdict(book, DATA, thread, True)


def test_a_thread_asks_fifty_claims_and_no_more(book: Ledger) -> None:
    claims = [rising(f"c{at}") for at in range(MOST + 1)]
    told(book, claims[:MOST], [False] * MOST)
    with pytest.raises(NoVaultLeft, match=r"asked its 50 claims\. Close it"):
        commit_claim(book, DATA, claims[MOST])
    assert commit_claim(book, DATA, claims[3]).left == 0


def test_a_thread_goes_on_only_under_the_settings_it_was_begun_with(book: Ledger) -> None:
    told(book, [A], [True])
    with pytest.raises(LedgerError, match="open on these data under other settings"):
        begin(book, DATA, PLAN, make_rule(alpha=0.2), request="other")


def test_a_thread_that_asked_nothing_is_begun_anew_where_settings_or_vaults_changed_and_only_there(
    book: Ledger,
) -> None:
    begin(book, DATA, PLAN, RULE, request="t")
    begin(book, DATA, PLAN, RULE, request="t")
    assert len(book.entries()) == 1
    assert begin(book, DATA, PLAN, make_rule(alpha=0.2), request="other").rule.alpha == 0.2
    record_exposed(book, DATA, (1,), ["a", "b"], question="q")
    assert begin(book, DATA, PLAN, RULE, request="t").vault == 2
    thread = commit_claim(book, DATA, A)
    assert (thread.vault, [t.vault for t in threads(book, DATA)]) == (2, [2])
    assert next_vault(PLAN, sessions(book, DATA)) == 1


# The door


def test_a_claim_is_answered_once_on_a_receipt_for_every_claim_so_far(book: Ledger, split: SealedSplit) -> None:
    assert ask(book, split, A)
    assert not ask(book, split, B)
    old = thread_receipt(book, DATA, threads(book, DATA)[0])
    assert not ask(book, split, C)
    with pytest.raises(SealBroken):
        open_vault(split, book, old, [A, B])
    [thread] = threads(book, DATA)
    with pytest.raises(SealBroken, match="waits for a verdict"):
        answer(split, book, thread_receipt(book, DATA, thread), claims_of(thread))
    assert [q.verified for q in thread.questions] == [True, False, False]


def test_no_row_is_read_before_the_claim_stands_in_the_ledger(book: Ledger, split: SealedSplit) -> None:
    begin(book, DATA, split.plan, RULE, request="t")
    [empty] = threads(book, DATA)
    with pytest.raises(SealBroken, match="holds no claim"):
        thread_receipt(book, DATA, empty)
    commit_claim(book, DATA, A)
    [thread] = threads(book, DATA)
    receipt = thread_receipt(book, DATA, thread)
    for forged in ({"head": "0" * 64}, {"vault": 2}, {"weight": 0.5}, {"earlier": 5}):
        with pytest.raises(SealBroken):
            answer(split, book, receipt.model_copy(update=forged), [A])
    assert [e.kind for e in book.entries()] == ["thread_open", "thread_claim"]


def test_a_thread_is_not_verified_as_a_batch_nor_a_batch_revealed_as_a_thread(book: Ledger, split: SealedSplit) -> None:
    ask(book, split, A)
    [thread] = threads(book, DATA)
    with pytest.raises(SealBroken, match="thread of questions"):
        verify(split, book, thread_receipt(book, DATA, thread), [A], split.explore())
    other = Ledger(book.path.with_name("other"))
    receipt = commit(other, DATA, split.plan, [A], RULE, request="r")
    with pytest.raises(SealBroken, match="no thread"):
        reveal(split, other, receipt, [A], split.explore())
    with pytest.raises(SealBroken, match="no thread"):
        answer(split, other, receipt, [A])


def test_revealed_numbers_are_those_the_verdicts_were_reached_by_and_burn_the_vault(
    book: Ledger, split: SealedSplit
) -> None:
    wrong = parse({**A.as_json(), "direction": "decreasing"})
    answers = [ask(book, split, claim) for claim in (A, B, wrong)]
    [thread] = threads(book, DATA)
    receipt = thread_receipt(book, DATA, thread)
    judged = reveal(split, book, receipt, claims_of(thread), split.explore())
    assert [v.outcome == "verified" for v in judged.verdicts] == answers == [True, False, False]
    assert judged.verdicts[2].outcome == "refuted"
    assert [v.threshold for v in judged.verdicts] == [q.level for q in thread.questions]
    first = judged.verdicts[0]
    assert first.evidence.effect is not None
    assert first.evidence.effect.level == pytest.approx(1 - thread.questions[0].level)
    assert book.entries()[-1].body["outcomes"] == {v.hypothesis_id: v.outcome for v in judged.verdicts}
    assert sessions(book, DATA)[0].burnt
    assert [rows.n for rows in burnt_rows(split, book, DATA)] == [split.plan.vaults[0].rows]
    lines = len(book.entries())
    again = reveal(split, book, receipt, claims_of(thread), split.explore())
    assert [v.canonical() for v in again.verdicts] == [v.canonical() for v in judged.verdicts]
    assert len(book.entries()) == lines
    assert [h.content_id() for h in verified_claims(book, DATA, RULE)] == [A.content_id()]
    assert verified_claims(book, DATA, make_rule(alpha=0.2)) == ()


def test_a_refutation_in_a_thread_meets_its_own_share_of_the_budget(book: Ledger, split: SealedSplit) -> None:
    """`noise` and `visits` are unrelated; what refutes the first question is not enough for the same claim late."""
    rule = make_rule(smallest_effects={"monotone_association": 0.14})
    for at in range(14):
        begin(book, DATA, split.plan, rule, request="t")
        claim = parse({**B.as_json(), "where": [{"column": "visits", "op": ">=", "value": -1.0 - at}]})
        thread = commit_claim(book, DATA, claim)
        answer(split, book, thread_receipt(book, DATA, thread), claims_of(thread))
    [thread] = threads(book, DATA)
    judged = reveal(split, book, thread_receipt(book, DATA, thread), claims_of(thread), split.explore())
    evidence = judged.verdicts[0].evidence
    assert evidence.theta is not None
    assert evidence.standard_error is not None
    p = float(ndtr((evidence.theta - 0.14) / evidence.standard_error))
    wanted = ["refuted" if p <= 0.05 * share(at, 0) else "inconclusive" for at in range(14)]
    assert [v.outcome for v in judged.verdicts] == wanted
    assert (wanted[0], wanted[-1]) == ("refuted", "inconclusive")


def test_a_verdict_that_its_numbers_contradict_is_not_revealed(book: Ledger, split: SealedSplit) -> None:
    told(book, [B], [True], split.plan)
    [thread] = threads(book, DATA)
    with pytest.raises(LedgerError, match="answered otherwise than its numbers say"):
        reveal(split, book, thread_receipt(book, DATA, thread), [B], split.explore())
    assert book.entries()[-1].kind == "thread_verdict"


def test_a_thread_cut_after_any_entry_goes_on_to_the_same_ledger(tmp_path: Path, split: SealedSplit) -> None:
    def work(book: Ledger) -> None:
        for claim in (A, B, C):
            begin(book, DATA, split.plan, RULE, request="t")
            thread = commit_claim(book, DATA, claim)
            if thread.pending is not None:
                answer(split, book, thread_receipt(book, DATA, thread), claims_of(thread))
        [thread] = threads(book, DATA)
        reveal(split, book, thread_receipt(book, DATA, thread), claims_of(thread), split.explore())

    whole = Ledger(tmp_path / "whole")
    work(whole)
    lines = whole.path.read_bytes().splitlines(keepends=True)
    assert len(lines) == 8
    for cut in range(len(lines)):
        part = tmp_path / f"cut-{cut}"
        part.write_bytes(b"".join(lines[:cut]) + lines[cut][:20])
        book = Ledger(part)
        work(book)
        assert book.head(DATA) == whole.head(DATA), f"cut after {cut} entries"


def test_a_batch_made_amid_a_thread_sees_the_same_rows_when_it_is_replayed_after_the_thread(
    book: Ledger, split: SealedSplit
) -> None:
    told(book, [A], [True])
    receipt = commit(book, DATA, PLAN, [B], RULE, request="r")
    record_open(book, receipt)
    [thread] = threads(book, DATA)
    record_reveal(book, thread_receipt(book, DATA, thread), {A.content_id(): "verified"})
    batch = next(s for s in sessions(book, DATA) if not s.thread)
    assert batch.after == ()
    assert burnt_rows(split, book, DATA, session=batch) == []
    assert commit(book, DATA, PLAN, [C], RULE, request="s").vault == 3
    assert sessions(book, DATA)[-1].after == (1, 2)


# The promise


@pytest.mark.parametrize("world", list(simulation.WORLDS))
def test_the_share_of_false_findings_stays_within_the_promise_whoever_asks(world: str) -> None:
    seen = simulation.WORLDS[world](simulation.JUDGES["ours"], 1_500, np.random.default_rng(7))
    assert seen.found.sum() > 0
    assert seen.fdp.mean() <= 0.05


@pytest.mark.parametrize("world", [w for w in simulation.WORLDS if not w.startswith("thread,")])
def test_with_strict_any_false_finding_at_all_is_as_rare(world: str) -> None:
    seen = simulation.WORLDS[world](simulation.JUDGES["ours, strict"], 1_500, np.random.default_rng(8))
    assert (seen.false > 0).mean() <= 0.05


def test_the_adversary_that_dithers_breaks_levels_that_do_not_pay_for_histories() -> None:
    """Otherwise the simulation would prove nothing."""
    seen = simulation.dither(simulation.lond, 200, np.random.default_rng(9))
    assert (seen.false > 0).mean() > 0.9
    ours = simulation.dither(simulation.JUDGES["ours"], 200, np.random.default_rng(9))
    assert ours.found.mean() > 5
    assert (ours.false > 0).mean() == 0.0


def test_the_simulation_judges_by_the_levels_of_the_code() -> None:
    own = simulation.JUDGES["ours"](5, np.array([2]), np.array([3]))[0]
    assert own == pytest.approx(level(RULE, 1.0, asked=5, verified=2, earlier=3), rel=1e-12)
