"""A changed table is not a new one: rows that were sealed before keep their side, and their budget goes on."""

import contextlib
import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from filelock import FileLock

import heldout
from benchmarks.lineage import CHANGES
from benchmarks.lineage import rows as nothing_related
from heldout.agent.ask import preview
from heldout.agent.books import describe
from heldout.agent.outlook import Focus
from heldout.agent.pipeline import explain
from heldout.agent.report.explanation import Explanation
from heldout.agent.sealing import How, sealed_and_held
from heldout.agent.summary import Settings
from heldout.agent.thread import thread
from heldout.tools.data.rows import Rows
from heldout.tools.data.split import SealedSplit
from heldout.tools.errors import LedgerError, NoVaultLeft, TamperedLedger, UsageError
from heldout.tools.verify.claims_relations import MonotoneAssociation
from heldout.tools.verify.ledger import Ledger
from heldout.tools.verify.policy import make_rule
from heldout.tools.verify.sessions import commit, sessions
from heldout.tools.verify.verify import verify

CLAIMS = ("y rises with x", "z higher for g=a", "w rises with x", "w rises with z")


def table(n: int, seed: int = 0) -> pd.DataFrame:
    """`n` independent rows: `y` rises with `x`, `z` is higher for `g` = a, `w` goes with nothing; `x` names a row."""
    rng = np.random.default_rng(seed)
    x, g = rng.normal(0, 1, n).round(6), rng.choice(list("abc"), n)
    y = (0.5 * x + rng.normal(0, 1, n)).round(4)
    z = (rng.normal(0, 1, n) + (g == "a")).round(4)
    return pd.DataFrame({"x": x, "y": y, "g": g, "z": z, "w": rng.normal(5, 1, n).round(4)})


def more(frame: pd.DataFrame, n: int, seed: int = 99) -> pd.DataFrame:
    return pd.concat([frame, table(n, seed)], ignore_index=True)


def edited(frame: pd.DataFrame, rows: int = 1, column: str = "w") -> pd.DataFrame:
    out = frame.copy()
    out.loc[out.index[:rows], column] = np.arange(rows) + 0.5
    return out


class Sides:
    """Where the rows of a table lie, each named by one column."""

    def __init__(self, frame: pd.DataFrame, book: Path | None, folder: Path, column: str = "x", **how: object) -> None:
        folder.mkdir(exist_ok=True)
        settings = Settings(make_rule(), Focus(), False, 1)
        held = sealed_and_held(frame, How(name="t", **how), settings, book, folder, lambda _: None)  # pyright: ignore[reportArgumentType]
        with held as (opened, split, ledger):
            self.plan, self.fingerprint, self.ledger = split.plan, opened.fingerprint, ledger
            self.explored = self._names(split.explore(), column)
            self.vaults = {v.number: self._names(_vault(split, v.number), column) for v in split.plan.vaults}

    @staticmethod
    def _names(rows: Rows, column: str) -> set[float]:
        return set(rows.number(column).tolist())


def _vault(split: SealedSplit, number: int) -> Rows:
    return split.read(split.sealed_file, f"vault_{number}")


def spend(frame: pd.DataFrame, book: Path | None, claim: str = CLAIMS[0], **options: object) -> Explanation:
    """One vault opened for one claim."""
    return heldout.verify(frame, claim, name="t", ledger=book, **options)


@pytest.fixture(scope="module")
def first() -> pd.DataFrame:
    """A table with three vaults."""
    return table(2_400)


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return tmp_path / "l.jsonl"


def test_each_known_row_keeps_its_side_after_one_cell_was_changed(first, book, tmp_path) -> None:
    before = Sides(first, book, tmp_path / "a")
    spend(first, book)
    after = Sides(edited(first), book, tmp_path / "b")
    changed = {first.x[0]}
    assert after.explored == (before.explored | before.vaults[1]) - changed
    assert after.vaults == {n: before.vaults[n] - changed for n in (2, 3)}
    assert [v.weight for v in after.plan.vaults] == [0.2, 0.2]
    lineage = after.plan.lineage
    assert lineage is not None
    assert (lineage.dataset, lineage.generation) == (before.fingerprint, 1)
    assert (lineage.known, lineage.new, lineage.waiting) == (2_399, 1, 1)


def test_a_vault_of_new_rows_comes_with_two_hundred_of_them_and_not_before(first, book, tmp_path) -> None:
    before = Sides(first, book, tmp_path / "a")
    few = Sides(more(first, 199), book, tmp_path / "b")
    assert few.plan.lineage is not None
    assert (few.plan.lineage.waiting, len(few.plan.vaults)) == (199, 3)
    spend(more(first, 199), book)
    many = Sides(more(more(first, 199), 1, 7), book, tmp_path / "c")
    new = set(more(more(first, 199), 1, 7).x[2_400:])
    lineage = many.plan.lineage
    assert lineage is not None
    assert (lineage.generation, lineage.origin, lineage.waiting, lineage.earlier) == (2, many.fingerprint, 0, 0)
    assert [v.weight for v in many.plan.vaults] == [1.0]
    assert many.vaults[1] == new | before.vaults[2] | before.vaults[3]
    assert many.explored == before.explored | before.vaults[1]


def test_large_generations_have_three_vaults_that_share_one_budget(first, book, tmp_path) -> None:
    Sides(first, book, tmp_path / "a")
    after = Sides(more(first, 1_000), book, tmp_path / "b")
    assert [v.weight for v in after.plan.vaults] == [0.6, 0.2, 0.2]
    assert abs(after.plan.vaults[0].units / sum(v.units for v in after.plan.vaults) - 0.6) < 0.05


def test_vaults_that_were_handed_on_cannot_be_opened_under_the_old_table_and_its_reports_stay(first, book) -> None:
    old = spend(first, book)
    fact = spend(edited(first), book, CLAIMS[1])
    assert fact.result.split.vaults[0].number == 2
    with pytest.raises(NoVaultLeft, match="sealed again as part of data set"):
        spend(first, book, CLAIMS[2])
    again = spend(first, book)
    assert again.replayed
    assert [f.held_out for f in again.findings] == [f.held_out for f in old.findings]
    assert [v.state for v in again.result.split.vaults] == ["opened", "handed", "handed"]
    text = describe(book, None)
    assert "handed on to data set" in text
    assert "Its rows are known again by" in text


def test_a_committed_batch_that_was_never_opened_loses_its_vault_with_it(first, book, tmp_path) -> None:
    from heldout.tools.errors import SealBroken
    from heldout.tools.verify.hypothesis import parse
    from heldout.tools.verify.sessions import check_receipt, commit

    made = spend(first, tmp_path / "elsewhere.jsonl")
    claim = parse(made.findings[0].hypothesis)
    before = Sides(first, book, tmp_path / "a")
    receipt = commit(before.ledger, before.fingerprint, before.plan, [claim], make_rule(), request="r")
    Sides(edited(first), book, tmp_path / "b")
    with pytest.raises(SealBroken, match="does not stand in the ledger"):
        check_receipt(Ledger(book), receipt, [claim])


def test_discoveries_of_the_old_table_count_and_the_weights_of_a_lineage_sum_to_one(first, book) -> None:
    spent = [spend(first, book)]
    frame = first
    for at, claim in enumerate(CLAIMS[1:3]):
        frame = edited(more(frame, 20, at), at + 1)
        spent.append(spend(frame, book, claim))
    begun = [
        s
        for e in spent
        for s in sessions(Ledger(book), e.result.dataset.fingerprint)
        if s.handed is None or s.hypotheses
    ]
    assert [s.vault for s in begun] == [1, 2, 3]
    assert sum(s.weight for s in begun) == pytest.approx(1.0)
    assert [s.earlier for s in begun] == [0, begun[0].discoveries, begun[0].discoveries + begun[1].discoveries]
    assert begun[0].discoveries == 1
    with pytest.raises(NoVaultLeft, match=r"known from `t` .* and 63 new ones wait: 200 that nothing has looked at"):
        spend(edited(more(frame, 20, 5), 3), book, CLAIMS[3])


def test_what_is_refused_says_when_the_known_table_was_sealed_and_exploration_stays_open(first, book) -> None:
    spend(first, book, one_shot=True)
    with pytest.raises(NoVaultLeft, match=r"`t` was sealed 20\d\d-\d\d-\d\d\. Tested before"):
        spend(edited(first), book, CLAIMS[1])
    seen = explain(edited(first), name="t", ledger=book, explore_only=True).result
    assert seen.split.exploration_rows == 2_399
    assert seen.split.known is not None
    assert seen.split.known.waiting == 1


def test_a_table_of_known_rows_asked_again_is_replayed_to_the_byte(first, book) -> None:
    spend(first, book)
    changed = more(first, 30)
    one = explain(changed, name="t", ledger=book)
    two = explain(changed.sample(frac=1, random_state=3), name="t", ledger=book)
    assert two.replayed
    assert one.to_json(timing=False) == two.to_json(timing=False)
    assert one.to_html() == two.to_html()


def test_the_numbers_of_a_report_on_known_rows_are_recomputed_by_its_program(first, book, tmp_path) -> None:
    spend(first, book)
    spend(edited(first), book, CLAIMS[1]).save(tmp_path / "out")
    done = subprocess.run([sys.executable, str(tmp_path / "out" / "reproduce.py")], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


def test_an_earlier_question_asked_of_the_changed_table_is_a_new_one(first, book) -> None:
    spend(first, book)
    again = spend(edited(first), book)
    assert not again.replayed
    assert again.result.split.vaults[0].state == "opened"
    assert again.result.split.vaults[0].number == 2


def test_rows_that_were_removed_are_missed_on_their_own_side(first, book, tmp_path) -> None:
    before = Sides(first, book, tmp_path / "a")
    kept = first.sample(frac=0.9, random_state=1)
    after = Sides(kept, book, tmp_path / "b")
    left = set(kept.x)
    assert after.explored == before.explored & left
    assert after.vaults == {n: rows & left for n, rows in before.vaults.items()}


def test_columns_in_another_order_and_format_are_the_same_rows(first, book, tmp_path) -> None:
    before = Sides(first, book, tmp_path / "a")
    other = more(first, 1)[["w", "z", "y", "x", "g"]].sample(frac=1, random_state=2)
    other.to_csv(tmp_path / "other.csv", index=False)
    after = Sides(tmp_path / "other.csv", book, tmp_path / "b")  # pyright: ignore[reportArgumentType]
    assert after.vaults == before.vaults


def test_a_table_with_a_derived_column_more_has_the_rows_where_they_were(first, book, tmp_path) -> None:
    before = Sides(first, book, tmp_path / "a")
    wider = first.assign(xy=(first.x * first.y).round(6))
    after = Sides(wider, book, tmp_path / "b")
    assert (after.explored, after.vaults) == (before.explored, before.vaults)
    third = Sides(edited(first), book, tmp_path / "c")
    assert third.vaults == {n: rows - {first.x[0]} for n, rows in before.vaults.items()}


def test_what_a_wider_table_opened_is_open_to_a_narrower_one_although_that_lacks_its_columns(
    first, book, tmp_path
) -> None:
    Sides(first, book, tmp_path / "a")
    wider = more(first, 300)
    wider = wider.assign(xy=(wider.x * wider.y).round(6))
    spend(wider, book, one_shot=True)
    with pytest.raises(NoVaultLeft):
        spend(edited(first), book)


def test_tables_that_share_a_few_rows_are_not_kin(first, book, tmp_path) -> None:
    Sides(first, book, tmp_path / "a")
    few = Sides(pd.concat([table(1_500, 5), first.head(19)], ignore_index=True), book, tmp_path / "b")
    assert few.plan.lineage is None
    shared = Sides(pd.concat([table(1_500, 6), first.tail(24)], ignore_index=True), book, tmp_path / "c")
    assert shared.plan.lineage is not None


@pytest.mark.parametrize("seed", range(2))
def test_two_samples_of_rounded_numbers_are_not_kin_although_many_of_their_rows_are_equal(tmp_path, book, seed) -> None:
    def sample(at: int) -> pd.DataFrame:
        rng = np.random.default_rng(at)
        return pd.DataFrame(
            {"a": rng.integers(0, 40, 2_000), "b": rng.integers(0, 40, 2_000), "c": rng.choice(list("uvwxyz"), 2_000)}
        )

    one, two = sample(2 * seed), sample(2 * seed + 1)
    assert len(two.merge(one.drop_duplicates())) > 300
    Sides(one, book, tmp_path / "a", "a")
    assert Sides(two, book, tmp_path / "b", "a").plan.lineage is None
    assert Sides(pd.concat([one, two.head(30)], ignore_index=True), book, tmp_path / "c", "a").plan.lineage is not None


def test_new_rows_are_no_vault_where_as_many_that_were_seen_are_missing_and_may_have_been_changed(
    first, book, tmp_path
) -> None:
    spend(first, book, one_shot=True)
    after = Sides(edited(first, 400), book, tmp_path / "b")
    assert after.plan.vaults == ()
    assert after.plan.lineage is not None
    assert after.plan.lineage.waiting == 400


def test_what_an_answer_from_all_rows_showed_counts_on_the_vaults_that_hold_these_rows(first, book, tmp_path) -> None:
    with thread(first, name="t", ledger=book) as open_one:
        open_one.expose(["x", "y"], "mean y by x")
    same = spend(edited(first), book)
    assert [a.outcome for a in same.result.asked] == ["untestable"]
    renewed = spend(more(first, 300), book)
    assert [a.outcome for a in renewed.result.asked] == ["untestable"]
    assert [a.outcome for a in spend(more(first, 300), book, CLAIMS[1]).result.asked] == ["verified"]


def test_rows_that_wait_are_shown_by_an_answer_from_all_rows_too(first, book) -> None:
    spend(first, book, one_shot=True)
    with thread(more(first, 150), name="t", ledger=book) as open_one:
        assert open_one.expose(["x", "y"], "mean y by x").vaults == (0,)
    later = spend(more(more(first, 150), 100, 4), book)
    assert [a.outcome for a in later.result.asked] == ["untestable"]


def test_an_answer_from_all_rows_of_a_table_that_handed_on_its_vaults_is_refused(first, book, tmp_path) -> None:
    with thread(first, name="t", ledger=book) as open_one:
        Sides(edited(first), book, tmp_path / "b")
        with pytest.raises(UsageError, match="--facts exploration"):
            open_one.expose(["x", "y"], "mean y by x")


def test_an_open_thread_is_not_ended_by_sealing_its_rows_under_another_name(first, book, tmp_path) -> None:
    before = Sides(first, book, tmp_path / "a")
    with thread(first, name="t", ledger=book) as open_one:
        assert open_one.ask_claim(CLAIMS[0]).verified
        written = book.read_bytes()
        with pytest.raises(LedgerError, match="known from `t`, where an open thread of questions holds vault 1"):
            Sides(edited(first), book, tmp_path / "b")
        assert book.read_bytes() == written
        assert open_one.ask_claim(CLAIMS[1]).verified
        assert open_one.reveal().result.counts.verified == 2
    after = Sides(edited(first), book, tmp_path / "c")
    assert before.vaults[1] - {first.x[0]} <= after.explored
    assert after.plan.lineage is not None
    assert after.plan.lineage.earlier == 2


def test_values_of_an_entity_keep_their_side_with_whatever_rows_they_have_now(book, tmp_path) -> None:
    rng = np.random.default_rng(3)
    who = np.repeat(np.arange(600), 3)
    frame = pd.DataFrame({"customer": [f"c{i:04}" for i in who], "x": rng.normal(0, 1, 1_800).round(5)})
    frame["y"] = (np.repeat(rng.normal(0, 1, 600), 3) + rng.normal(0, 1, 1_800)).round(5)
    before = Sides(frame, book, tmp_path / "a", entity="customer")
    extra = frame.groupby("customer", as_index=False).first().assign(x=lambda f: f.x + 100, y=lambda f: f.y + 0.5)
    after = Sides(pd.concat([frame, extra], ignore_index=True), book, tmp_path / "b", entity="customer")
    assert before.plan.kind == after.plan.kind == "entity"
    assert after.plan.lineage is not None
    assert (after.plan.lineage.known, after.plan.lineage.new) == (600, 0)
    old = {x: c for x, c in zip(frame.x, frame.customer, strict=True)}
    new = {x: c for x, c in zip(extra.x, extra.customer, strict=True)}
    for number, rows in before.vaults.items():
        assert {old.get(x) or new[x] for x in after.vaults[number]} == {old[x] for x in rows}
    assert after.plan.units == 600


def test_another_unit_than_the_known_table_had_is_refused_and_an_undeclared_one_is_taken_over(
    first, book, tmp_path
) -> None:
    frame = first.assign(shop=[f"s{i % 300:03}" for i in range(2_400)])
    Sides(frame, book, tmp_path / "a", entity="shop")
    with pytest.raises(LedgerError, match=r"were sealed before in `t` by entity `shop`"):
        Sides(edited(frame), book, tmp_path / "b", entity="g")
    taken = Sides(edited(frame), book, tmp_path / "c")
    assert (taken.plan.kind, taken.plan.key) == ("entity", "shop")


def test_the_list_of_a_small_table_is_tested_on_new_rows_alone_once_it_was_tested(book, tmp_path) -> None:
    small = table(120)
    explain(small, name="t", ledger=book)
    with pytest.raises(NoVaultLeft, match="39 new ones wait"):
        explain(more(small, 39), name="t", ledger=book)
    later = explain(more(small, 60), name="t", ledger=book).result
    assert later.split.kind == "none"
    assert [(v.rows, v.weight) for v in later.split.vaults] == [(60, 1.0)]
    assert {f.held_out.n for f in later.findings if f.held_out and f.held_out.n} == {60}


def test_a_table_that_was_too_small_to_test_anything_is_tested_whole_once_it_has_grown(book, tmp_path) -> None:
    tiny = table(30)
    explain(tiny, name="t", ledger=book)
    assert Sides(more(tiny, 20), book, tmp_path / "a").plan.lineage is None
    grown = Sides(more(tiny, 400), book, tmp_path / "b")
    assert grown.plan.lineage is not None
    assert set(tiny.x) <= grown.explored


def test_a_record_that_was_edited_or_removed_is_named_and_no_kin_is_sealed(first, book, tmp_path) -> None:
    Sides(first, book, tmp_path / "a")
    [file] = (book.parent / "l.jsonl.rows").iterdir()
    raw = file.read_bytes()
    file.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))
    with pytest.raises(TamperedLedger, match=rf"{file.name}.*edited or replaced"):
        Sides(edited(first), book, tmp_path / "b")
    file.unlink()
    with pytest.raises(TamperedLedger, match=rf"{file.name}.*missing"):
        Sides(edited(first), book, tmp_path / "c")
    file.write_bytes(raw)
    assert Sides(edited(first), book, tmp_path / "d").plan.lineage is not None


def test_the_record_holds_no_cell_and_nine_bytes_a_row(first, book, tmp_path) -> None:
    Sides(first, book, tmp_path / "a")
    [file] = (book.parent / "l.jsonl.rows").iterdir()
    assert file.stat().st_size < 9 * 2_400 + 1_000
    raw = file.read_bytes()
    assert not any(str(value).encode() in raw for value in first.x)


def test_data_sets_with_ledgers_of_their_own_are_found_beside_each_other(first, tmp_path) -> None:
    before = Sides(first, None, tmp_path / "a")
    after = Sides(edited(first), None, tmp_path / "b")
    assert after.ledger.path != before.ledger.path
    assert after.plan.lineage is not None
    assert after.plan.lineage.dataset == before.fingerprint
    assert [e.kind for e in Ledger(before.ledger.path).entries()] == ["seal", "handed"]
    elsewhere = Sides(edited(first), tmp_path / "other.jsonl", tmp_path / "c")
    assert elsewhere.plan.lineage is None


def test_looking_ahead_sees_what_would_be_opened_and_writes_nothing(first, book, tmp_path) -> None:
    spend(first, book)
    before = sorted((p.name, p.stat().st_size) for p in tmp_path.rglob("*"))
    seen = preview(edited(first), CLAIMS[1], How(name="t"), rule={}, ledger=book)
    assert (seen.vault, seen.left) == (2, 1)
    assert sorted((p.name, p.stat().st_size) for p in tmp_path.rglob("*")) == before


def test_who_comes_back_to_a_sealed_table_does_not_wait_for_a_run_that_seals_another(
    first, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr("heldout.agent.sealing.PATIENCE", 0.1)
    before = Sides(first, None, tmp_path / "a")
    with FileLock(str(before.ledger.path.parent / "rows" / ".lock")):
        assert Sides(first, None, tmp_path / "b").vaults == before.vaults
        with pytest.raises(LedgerError, match="held by another run"):
            Sides(edited(first), None, tmp_path / "c")


def _seal(frame: pd.DataFrame, folder: Path, home: str) -> None:
    os.environ["HELDOUT_HOME"] = home
    Sides(frame, None, folder)


def test_of_two_runs_that_seal_kin_at_once_one_has_the_vaults(first, tmp_path) -> None:
    context = multiprocessing.get_context("spawn")
    frames = [more(first, n, n) for n in (1, 2)]
    runs = [
        context.Process(target=_seal, args=(f, tmp_path / str(at), os.environ["HELDOUT_HOME"]))
        for at, f in enumerate(frames)
    ]
    for run in runs:
        run.start()
    for run in runs:
        run.join(120)
    assert [run.exitcode for run in runs] == [0, 0]
    books = [Ledger(p) for p in sorted((Path(os.environ["HELDOUT_HOME"]) / "ledgers").glob("*.jsonl"))]
    kinds = sorted(tuple(e.kind for e in book.entries()) for book in books)
    assert kinds == [("seal",), ("seal", "handed")]
    assert sum("lineage" in book.entries()[0].body for book in books) == 1


def series(n: int, seed: int = 8) -> pd.DataFrame:
    """`n` days of numbers that resemble their neighbours; `x` names a day."""
    rng = np.random.default_rng(seed)
    level = np.cumsum(rng.normal(0, 1, n)).round(4)
    day = pd.date_range("2020-01-01", periods=n)
    return pd.DataFrame({"day": day, "x": np.arange(n) + 0.5, "y": level, "z": rng.normal(0, 1, n).round(4)})


def test_a_series_that_grew_keeps_its_sides_and_has_new_vaults_after_twenty_new_blocks(book, tmp_path) -> None:
    whole = series(900)
    before = Sides(whole.head(600), book, tmp_path / "a", time="day")
    few = Sides(whole.head(620), book, tmp_path / "b", time="day")
    assert few.plan.kind == "time"
    assert few.explored == before.explored
    assert few.vaults == before.vaults
    many = Sides(whole, book, tmp_path / "c", time="day")
    assert many.plan.lineage is not None
    assert many.plan.lineage.generation == 2
    assert many.explored == before.explored
    [rows] = many.vaults.values()
    assert min(rows) > max(before.explored)
    assert max(rows) == 899.5


def test_a_vault_of_a_series_lies_a_block_after_all_that_was_seen(book, tmp_path) -> None:
    whole = series(900)
    before = Sides(whole.head(600), book, tmp_path / "a", time="day")
    spend(whole.head(600), book, "z rises with y", time="day")
    with pytest.raises(NoVaultLeft, match="20 that nothing has looked at"):
        spend(whole.head(640), book, "z rises with y", time="day")
    after = Sides(whole, book, tmp_path / "b", time="day")
    assert after.explored == {x for x in whole.x if x <= max(before.vaults[1])}
    gap = min(after.vaults[1]) - max(after.explored)
    assert gap > 900 / after.plan.units


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
def test_no_row_that_was_shown_under_any_name_lies_in_a_vault_that_is_opened_later(change, book, tmp_path) -> None:
    rng = np.random.default_rng(5)
    frame, shown, opened_vaults = nothing_related(1_000, rng), set(), 0
    settings = Settings(make_rule(), Focus(), False, 1)
    claim = MonotoneAssociation(outcome="a", predictor="b", direction="increasing")
    for visit in range(4):
        held = sealed_and_held(frame, How(name="t"), settings, book, tmp_path, lambda _: None)
        with held as (opened, split, ledger):
            shown |= Sides._names(split.explore(), "h")
            vaults = {v.number: Sides._names(_vault(split, v.number), "h") for v in split.plan.vaults}
            assert not shown & set().union(*vaults.values())
            with contextlib.suppress(NoVaultLeft):
                receipt = commit(ledger, opened.fingerprint, split.plan, [claim], make_rule(), request=str(visit))
                verify(split, ledger, receipt, [claim], split.explore())
                shown |= vaults[receipt.vault]
                opened_vaults += 1
        frame = change.make(frame, visit, rng)
    assert opened_vaults == (2 if "10 %" in change.name else 1)
