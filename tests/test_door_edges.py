"""The one door at its edges: threads at their own levels, what is refused, what is opened, and what is written."""

from pathlib import Path

import pandas as pd
import pytest
from scipy.special import ndtr
from test_door_judged import FOLLOWS, NULL, TRUE, frame
from test_transcript import DATA, RULE, C, rising

from heldout.tools.data.dataset import open_dataset
from heldout.tools.data.rows import Rows
from heldout.tools.data.split import SealedSplit, seal
from heldout.tools.errors import HypothesisError, LedgerError, SealBroken
from heldout.tools.text.evaluate import Aids
from heldout.tools.verify import verify as door
from heldout.tools.verify.families import FAMILIES
from heldout.tools.verify.hypothesis import Hypothesis
from heldout.tools.verify.ledger import Ledger
from heldout.tools.verify.policy import make_rule
from heldout.tools.verify.sessions import commit, receipt_of, sessions
from heldout.tools.verify.transcript import (
    begin,
    claims_of,
    commit_claim,
    level,
    open_thread,
    share_of,
    thread_receipt,
    threads,
)
from heldout.tools.verify.verify import (
    DRAWS,
    answer,
    burnt_rows,
    judge_thread,
    measure,
    open_vault,
    reveal,
    seed_of,
    verify,
)

# A thread on open rows


def asked(book: Ledger, claims: list[Hypothesis], split: SealedSplit) -> None:
    for claim in claims:
        begin(book, DATA, split.plan, RULE, request="t")
        thread = commit_claim(book, DATA, claim)
        answer(split, book, thread_receipt(book, DATA, thread), claims_of(thread))


@pytest.fixture(scope="module")
def split(tmp_path_factory: pytest.TempPathFactory) -> SealedSplit:
    with open_dataset(pd.DataFrame(frame()), name="p") as data:
        return seal(data, tmp_path_factory.mktemp("door"))


@pytest.fixture
def book(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "book.jsonl")


def test_each_claim_of_a_thread_is_judged_at_its_own_level_and_refuted_at_its_own_share(
    book: Ledger, split: SealedSplit
) -> None:
    asked(book, [TRUE, NULL], split)
    [thread] = threads(book, DATA)
    rows = split.read(split.sealed_file, "vault_1")
    explored = [measure(h, split.explore(), split="exploration") for h in (TRUE, NULL)]
    found = judge_thread(thread, rows, explored)
    true, null = found.verdicts
    levels = [level(RULE, 1.0, asked=at, verified=at, earlier=0) for at in (0, 1)]
    assert [v.threshold for v in found.verdicts] == pytest.approx(levels)
    assert (found.rejections.rejected, found.rejections.level) == ((True, False), max(levels))
    wide = FAMILIES[TRUE.family].evaluate(TRUE, rows, split="held_out", level=1 - levels[0], draws=0)
    assert true.evidence.effect == wide.effect
    assert null.evidence == FAMILIES[NULL.family].evaluate(
        NULL, rows, split="held_out", draws=DRAWS, seed=seed_of(NULL)
    )
    assert [v.exploration for v in found.verdicts] == explored
    assert all(v.picture == FAMILIES[v.hypothesis.family].picture(v.hypothesis, rows) for v in found.verdicts)
    lenient = thread.model_copy(update={"rule": make_rule(smallest_effects={"monotone_association": 0.9})})
    assert judge_thread(lenient, rows, explored).verdicts[1].outcome == "refuted"
    evidence, smallest = null.evidence, 0.2
    assert evidence.theta is not None
    assert evidence.standard_error is not None
    p = float(ndtr((evidence.theta - smallest) / evidence.standard_error))
    for q, outcome in ((1.01 * p, "refuted"), (0.99 * p, "inconclusive")):
        rule = make_rule(smallest_effects={"monotone_association": smallest})
        rule = rule.model_copy(update={"refute_q": q / share_of(thread.questions[1])})
        changed = thread.model_copy(update={"rule": rule})
        assert judge_thread(changed, rows, explored).verdicts[1].outcome == outcome
    with pytest.raises(ValueError, match="shorter"):
        judge_thread(thread, rows, explored[:1])


def test_a_verdict_that_was_told_otherwise_is_refused_by_its_number(book: Ledger, split: SealedSplit) -> None:
    asked(book, [TRUE, NULL], split)
    [thread] = threads(book, DATA)
    lied = thread.questions[1].model_copy(update={"verified": True})
    changed = thread.model_copy(update={"questions": (thread.questions[0], lied)})
    with pytest.raises(LedgerError) as err:
        judge_thread(changed, split.read(split.sealed_file, "vault_1"), [None, None])
    assert str(err.value) == (
        "Question 2 of the thread was answered otherwise than its numbers say now. Reveal it with the version of "
        "heldout that answered it."
    )


def test_a_claim_that_follows_from_the_table_is_never_verified_in_a_thread(book: Ledger, split: SealedSplit) -> None:
    structural = frozenset({frozenset({"spend", "visits"})})
    begin(book, DATA, split.plan, RULE, request="t")
    thread = commit_claim(book, DATA, TRUE)
    receipt = thread_receipt(book, DATA, thread)
    assert not answer(split, book, receipt, [TRUE], structural=structural)
    found = reveal(split, book, receipt, [TRUE], split.explore(), structural=structural)
    assert [v.evidence.untestable for v in found.verdicts] == [FOLLOWS]


# What is refused and what is written


def test_a_thread_is_not_a_batch_and_a_waiting_claim_is_not_revealed(book: Ledger, split: SealedSplit) -> None:
    begin(book, DATA, split.plan, RULE, request="t")
    commit_claim(book, DATA, TRUE)
    receipt = receipt_of(book, DATA, sessions(book, DATA)[0])
    refusals = {
        "Vault 1 belongs to a thread of questions: it is not verified as a batch.": verify,
        "Question 1 of the thread waits for its verdict: answer it first.": reveal,
    }
    for text, work in refusals.items():
        with pytest.raises(SealBroken) as err:
            work(split, book, receipt, [TRUE], split.explore())
        assert str(err.value) == text
    assert answer(split, book, receipt, [TRUE])
    with pytest.raises(SealBroken) as err:
        answer(split, book, receipt, [TRUE])
    assert str(err.value) == "No question of the thread on vault 1 waits for a verdict."
    assert [e.kind for e in book.entries()] == ["thread_open", "thread_claim", "thread_verdict"]
    thread = open_thread(book, DATA)
    assert thread is not None
    assert thread.questions[0].verified


def test_the_door_opens_the_vault_of_the_receipt_and_writes_it_down_first(book: Ledger, split: SealedSplit) -> None:
    receipt = commit(book, DATA, split.plan, [NULL], RULE, request="r")
    rows = open_vault(split, book, receipt, [NULL])
    assert rows.number("spend").tolist() == split.read(split.sealed_file, "vault_1").number("spend").tolist()
    assert [e.kind for e in book.entries()] == ["commit", "open"]


def test_frozen_models_reach_the_properties_of_a_claim_through_every_door(
    book: Ledger, split: SealedSplit, monkeypatch: pytest.MonkeyPatch
) -> None:
    aids, seen = Aids(models={}), []

    def without(rows: Rows, properties: object, given: Aids) -> Rows:
        seen.append(given)
        return rows

    monkeypatch.setattr(door, "with_properties", without)
    receipt = commit(book, DATA, split.plan, [NULL], RULE, request="r")
    open_vault(split, book, receipt, [NULL], aids)
    verify(split, book, receipt, [NULL], split.explore(), aids=aids)
    other = Ledger(book.path.with_name("other"))
    begin(other, DATA, split.plan, RULE, request="t")
    receipt = thread_receipt(other, DATA, commit_claim(other, DATA, NULL))
    answer(split, other, receipt, [NULL], aids=aids)
    reveal(split, other, receipt, [NULL], split.explore(), aids=aids)
    assert len(seen) == 4
    assert all(given is aids for given in seen)


def test_a_revealed_thread_is_judged_on_its_vault_beside_exploration_and_written_down(
    book: Ledger, split: SealedSplit
) -> None:
    asked(book, [TRUE, NULL], split)
    [thread] = threads(book, DATA)
    found = reveal(split, book, thread_receipt(book, DATA, thread), [TRUE, NULL], split.explore())
    explored = [measure(h, split.explore(), split="exploration") for h in (TRUE, NULL)]
    plain = judge_thread(thread, split.read(split.sealed_file, "vault_1"), explored)
    assert [v.evidence for v in found.verdicts] == [v.evidence for v in plain.verdicts]
    assert [v.exploration for v in found.verdicts] == explored
    assert (found.verdicts[0].adjustment is not None, found.rejections) == (True, plain.rejections)
    assert book.entries()[-1].body["outcomes"] == {v.hypothesis_id: v.outcome for v in found.verdicts}


def test_a_claim_that_cannot_be_measured_ends_the_run_before_a_vault_is_opened(
    book: Ledger, split: SealedSplit
) -> None:
    strange = rising("nowhere")
    receipt = commit(book, DATA, split.plan, [strange], RULE, request="r")
    with pytest.raises(HypothesisError, match="'nowhere' is not among the analysed columns"):
        verify(split, book, receipt, [strange], split.explore())
    assert [e.kind for e in book.entries()] == ["commit"]


def test_a_verified_batch_is_judged_as_its_receipt_says_and_written_down(book: Ledger, split: SealedSplit) -> None:
    receipt = commit(book, DATA, split.plan, [TRUE, NULL, C], RULE, request="r")
    found = verify(split, book, receipt, [TRUE, NULL, C], split.explore())
    assert found.rejections.level == pytest.approx(0.05 * receipt.weight / 3)
    assert [v.evidence.split for v in found.verdicts] == ["held_out"] * 3
    assert [v.evidence.untestable for v in found.verdicts] == [None] * 3
    explored = [measure(h, split.explore(), split="exploration") for h in (TRUE, NULL, C)]
    assert [v.exploration for v in found.verdicts] == explored
    assert found.verdicts[0].adjustment is not None
    assert book.entries()[-1].body["outcomes"] == {v.hypothesis_id: v.outcome for v in found.verdicts}
    [burnt] = burnt_rows(split, book, DATA)
    assert burnt.number("spend").tolist() == split.read(split.sealed_file, "vault_1").number("spend").tolist()
    assert burnt_rows(split, book, DATA, before=1) == []
    assert [r.n for r in burnt_rows(split, book, DATA, before=2)] == [burnt.n]
    size = len(book.entries())
    again = verify(split, book, receipt, [TRUE, NULL, C], split.explore())
    assert ([v.canonical() for v in again.verdicts], len(book.entries())) == (
        [v.canonical() for v in found.verdicts], size,
    )  # fmt: skip
    later = sessions(book, DATA)[0].model_copy(update={"after": (1,)})
    assert [r.n for r in burnt_rows(split, book, DATA, session=later)] == [burnt.n]
    assert burnt_rows(split, book, DATA, session=sessions(book, DATA)[0]) == []
    assert burnt_rows(split, book, "e" * 64) == []


def test_of_a_table_too_small_to_split_all_rows_are_judged_and_its_structure_is_looked_for_there(
    book: Ledger, tmp_path: Path
) -> None:
    small = {name: values[:150] for name, values in frame().items()}
    table = pd.DataFrame({**small, "double": small["spend"] * 2 + 1})
    with open_dataset(table, name="small") as data:
        whole = seal(data, tmp_path)
    claims = [TRUE, NULL, rising("double", "spend")]
    receipt = commit(book, DATA, whole.plan, claims, RULE, request="r", fixed=True)
    found = verify(whole, book, receipt, claims, None)
    assert [v.evidence.split for v in found.verdicts] == ["all"] * 3
    assert [v.exploration for v in found.verdicts] == [None] * 3
    assert (found.verdicts[0].outcome, found.verdicts[2].evidence.untestable) == ("verified", FOLLOWS)
    assert {e.kind for e in book.entries()} == {"commit", "open", "reveal"}
