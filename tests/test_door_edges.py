"""The one door at its edges: which draws and levels a claim is judged by, what is written, and what a picture shows."""

from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr
from test_transcript import DATA, RULE, A, B, C, rising

from heldout.tools.data.dataset import open_dataset
from heldout.tools.data.rows import Rows
from heldout.tools.data.split import SealedSplit, seal
from heldout.tools.errors import HypothesisError, LedgerError, SealBroken
from heldout.tools.verify.clusters import centred
from heldout.tools.verify.families import FAMILIES
from heldout.tools.verify.hypothesis import Hypothesis, parse
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
    Judged,
    answer,
    burnt_rows,
    judge,
    judge_thread,
    measure,
    open_vault,
    reveal,
    seed_of,
    verify,
)

N = 400
FOLLOWS = "Follows from how the table is built (see structure): no discovery."


def frame(seed: int = 5, each: int = 1) -> dict[str, np.ndarray]:
    """`spend` grows with `visits`, weakly with `luck`; `noise` with nothing."""
    rng = np.random.default_rng(seed)
    visits = rng.normal(8, 3, N)
    luck = rng.normal(0, 1, N)
    spend = 1.4 * visits + 0.9 * luck + np.repeat(rng.normal(0, 4, N // each), each) + rng.normal(0, 5, N)
    return {"visits": visits, "luck": luck, "spend": spend, "noise": rng.normal(0, 1, N)}


ROWS = Rows.of(frame())
TRUE, NULL, THIN = A, B, parse({**A.as_json(), "where": [{"column": "visits", "op": ">", "value": 15.5}]})


def judged(claims: list[Hypothesis], rows: Rows = ROWS, **options: object) -> Judged:
    how = {"weight": 0.6, "earlier": 2, "split": "held_out", **options}
    return judge(claims, rows, RULE, [None] * len(claims), **how)  # pyright: ignore[reportArgumentType]


def test_a_claim_is_tested_by_as_many_draws_as_stated_with_the_seed_of_its_content() -> None:
    assert DRAWS == 9_999
    assert seed_of(TRUE) == int(sha256(TRUE.canonical().encode()).hexdigest()[:8], 16)
    family = FAMILIES[NULL.family]
    own = family.evaluate(NULL, ROWS, split="held_out", draws=DRAWS, seed=seed_of(NULL))
    [verdict] = judged([NULL]).verdicts
    assert verdict.evidence == own
    assert verdict.outcome != "verified"
    assert measure(NULL, ROWS, split="exploration") == family.evaluate(NULL, ROWS, split="exploration", draws=0)


def test_verified_claims_alone_show_the_interval_of_the_level_that_they_had_to_reach() -> None:
    """Three claims, one untestable: the threshold is q w (R + r) / k, and the interval keeps its coverage there."""
    found = judged([NULL, TRUE, THIN])
    assert [v.outcome for v in found.verdicts][1:] == ["verified", "untestable"]
    assert found.rejections.level == pytest.approx(0.05 * 0.6 * 3 / 3)
    null, true, thin = found.verdicts
    options = {"split": "held_out", "draws": 0}
    wide = FAMILIES[TRUE.family].evaluate(TRUE, ROWS, level=1 - found.rejections.level, **options)
    assert true.evidence.effect == wide.effect
    assert true.evidence.effect is not None
    assert true.evidence.effect.level == pytest.approx(0.97)
    assert null.evidence.effect == FAMILIES[NULL.family].evaluate(NULL, ROWS, **options).effect
    assert (
        true.evidence.p_value
        == FAMILIES[TRUE.family].evaluate(TRUE, ROWS, split="held_out", draws=DRAWS, seed=seed_of(TRUE)).p_value
    )
    assert thin.evidence.p_value is None


def test_weight_earlier_discoveries_and_the_kind_of_rows_are_those_that_were_given() -> None:
    levels = [judged([TRUE, NULL], weight=w, earlier=e).rejections.level for w, e in ((1.0, 0), (0.2, 0), (0.2, 4))]
    assert levels == pytest.approx([0.05 / 2, 0.05 * 0.2 / 2, 0.05 * 0.2 * 5 / 2])
    assert {v.evidence.split for v in judged([TRUE, NULL], split="all").verdicts} == {"all"}
    explored = measure(TRUE, ROWS, split="exploration")
    [verdict] = judge([TRUE], ROWS, RULE, [explored], weight=1.0, earlier=0, split="held_out").verdicts
    assert verdict.exploration == explored


def test_a_claim_that_follows_from_the_table_is_not_tested_but_counts_among_the_batch() -> None:
    found = judged([TRUE, C], structural=frozenset({frozenset({"luck", "visits"})}))
    true, follows = found.verdicts
    assert (true.outcome, follows.outcome) == ("verified", "untestable")
    evidence = follows.evidence
    assert (evidence.untestable, evidence.test, evidence.n, evidence.split) == (FOLLOWS, "none", 0, "held_out")
    assert evidence.hypothesis_id == follows.hypothesis_id == C.content_id()
    assert follows.picture is None
    assert found.rejections.level == pytest.approx(0.05 * 0.6 * 3 / 2)


def test_the_picture_of_a_verdict_is_its_familys_on_the_rows_that_were_tested() -> None:
    true, null = judged([TRUE, NULL]).verdicts
    for verdict in (true, null):
        assert verdict.picture == FAMILIES[verdict.hypothesis.family].picture(verdict.hypothesis, ROWS)
        assert verdict.picture is not None
        assert verdict.picture.note is None
        assert "low" in verdict.picture.records[0]


def test_the_picture_of_clustered_rows_has_no_interval_of_rows_and_says_what_was_done() -> None:
    rows = Rows.of(frame(each=4), cluster=np.repeat(np.arange(N // 4), 4).tolist())
    [verdict] = judged([TRUE], rows).verdicts
    assert verdict.evidence.test.startswith("within-cluster")
    picture, moved = verdict.picture, centred(rows, ("spend", "visits"))
    plain = FAMILIES[TRUE.family].picture(TRUE, moved)
    assert picture is not None
    assert picture.note == "rows moved to one average per cluster"
    assert picture.records == tuple({k: v for k, v in r.items() if k not in ("low", "high")} for r in plain.records)
    assert picture.records != plain.records
    fixed = {**frame(), "visits": np.repeat(frame()["visits"][: N // 4], 4)}
    between = Rows.of(fixed, cluster=np.repeat(np.arange(N // 4), 4).tolist())
    [pooled] = judged([TRUE], between).verdicts
    assert pooled.picture is not None
    assert not pooled.evidence.test.startswith("within-cluster")
    assert pooled.picture.note == "all rows pooled"
    assert not {"low", "high"} & {k for record in pooled.picture.records for k in record}


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
    for text, door in refusals.items():
        with pytest.raises(SealBroken) as err:
            door(split, book, receipt, [TRUE], split.explore())
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
