"""What was shown of sealed rows, at the edges: what it costs, what is written, and which vault is least touched."""

from pathlib import Path

import pytest
from test_exposure import DATA, PLAN, rising, shown

from heldout.tools.verify.exposures import (
    Cost,
    Exposure,
    covering,
    exposures,
    freshest,
    record_exposed,
    sealed_vaults,
    would_expose,
)
from heldout.tools.verify.hypothesis import parse
from heldout.tools.verify.ledger import Ledger


@pytest.fixture
def book(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "book.jsonl")


def test_what_is_shown_is_written_word_for_word_and_read_back_in_order(book: Ledger) -> None:
    assert record_exposed(book, DATA, [3, 1, 3], ["b", "a", "b"], question="q1") == Cost(
        columns=("a", "b"), vaults=(1, 3), known=False
    )
    record_exposed(book, "e" * 64, [2], ["z"], question="q2")
    record_exposed(book, DATA, [2], ["c"], question="q3")
    first = book.entries()[0]
    assert (first.kind, first.dataset) == ("exposed", DATA)
    assert first.body == {"columns": ["a", "b"], "vaults": [1, 3], "question": "q1"}
    book.append("commit", DATA, {"number": 1})
    assert exposures(book, DATA) == (
        Exposure(columns=("a", "b"), vaults=(1, 3), question="q1"),
        Exposure(columns=("c",), vaults=(2,), question="q3"),
    )


def test_what_was_shown_of_other_data_is_no_reason_not_to_write_it_down(book: Ledger) -> None:
    record_exposed(book, "e" * 64, (1,), ["a", "b"], question="q")
    assert not record_exposed(book, DATA, (1,), ["a", "b"], question="q").free
    assert len(exposures(book, DATA)) == 1


@pytest.mark.parametrize(("sealed", "columns"), [((), ["a", "b"]), ((1, 2), [])])
def test_an_answer_that_shows_nothing_of_a_sealed_row_is_not_written(
    book: Ledger, sealed: tuple, columns: list
) -> None:
    record_exposed(book, DATA, sealed, columns, question="q")
    assert book.entries() == ()


@pytest.mark.parametrize(
    ("earlier", "known"),
    [
        ([shown("ab", (1, 2))], True),
        ([shown("abc", (1, 2, 3))], True),
        ([shown("ab", (1,)), shown("ab", (2,))], True),
        ([shown("ab", (1,))], False),  # vault 2 was not
        ([shown("a", (1, 2)), shown("b", (1, 2))], False),  # each, but not together
        ([shown("ac", (1, 2))], False),
        ([], False),
    ],
)
def test_an_answer_costs_nothing_more_where_each_vault_showed_all_of_it_before(
    earlier: list[Exposure], known: bool
) -> None:
    cost = would_expose(earlier, (2, 1), "ba")
    assert cost == Cost(columns=("a", "b"), vaults=(1, 2), known=known)
    assert cost.free == known


def test_where_no_vault_is_sealed_nothing_is_known_before_and_nothing_is_lost() -> None:
    cost = would_expose([shown("ab")], (), "ab")
    assert (cost.known, cost.free) == (False, True)


def test_the_first_showing_that_covers_a_claim_is_named() -> None:
    every = [shown("xy"), shown("abz", (2,)), shown("ab", (1, 2)), shown("abc", (1,))]
    claim = rising("a", "b")
    assert [covering(claim, every, vault) for vault in (1, 2, 3)] == [every[2], every[1], None]


def test_a_claim_on_one_column_is_covered_by_that_column_alone() -> None:
    claim = parse({"family": "invariant", "rule": "in_range", "outcome": "a", "predictor": "a", "low": 0.0})
    assert shown("a").touches(claim)
    assert not shown("b").touches(claim)
    assert not shown("a").touches(rising("a", "b"))
    third = rising("x", "a", where=[{"column": "b", "op": ">", "value": 1.0}])
    assert shown("ab").touches(third)
    assert shown("ab").shown_of(third) == ("a", "b")
    assert shown("ab").shown_of(rising("a", "b")) == ("a", "b")
    assert shown("zb").shown_of(rising("a", "b")) == ("b",)


def test_a_property_of_a_text_is_shown_where_the_text_or_what_it_is_held_against_is() -> None:
    claim = parse(
        {
            "family": "monotone_association", "outcome": "score", "predictor": "n", "direction": "increasing",
            "texts": [
                {"name": "n", "column": "note", "against": "reply", "property": {"kind": "measure", "of": "words"}}
            ],
        }
    )  # fmt: skip
    [prop] = claim.texts
    assert claim.columns == ("score", "n")
    assert Exposure(columns=("note", "score"), vaults=(1,), question="q").shown_of(claim) == claim.columns
    assert Exposure(columns=("reply", "score"), vaults=(1,), question="q").shown_of(claim) == claim.columns
    assert Exposure(columns=(prop.name, "score"), vaults=(1,), question="q").touches(claim)
    assert not Exposure(columns=("note",), vaults=(1,), question="q").touches(claim)


def test_the_freshest_vault_is_the_one_with_fewest_claims_covered_and_the_lowest_of_those() -> None:
    claims = [rising("a", "b"), rising("a", "c"), rising("x", "y")]
    every = [shown("abc", (1,)), shown("ab", (2,)), shown("xy", (3,))]
    assert freshest([1, 2, 3], every, claims) == 2
    assert freshest([1, 3], every, claims) == 3
    assert freshest([1, 2, 3], every, claims[2:]) == 1
    assert freshest([3, 2], [], claims) == 2
    assert freshest([1, 2, 3], every, []) == 1


def test_where_claims_are_not_known_the_vault_of_which_least_was_shown_is_freshest() -> None:
    every = [shown("ab", (1, 2)), shown("xy", (1, 3)), shown("z", (3,))]
    assert freshest([1, 2, 3], every, None) == 2
    assert freshest([1, 3], every, None) == 1
    assert freshest([2, 3], [], None) == 2


def test_sealed_vaults_are_all_but_the_burnt_ones() -> None:
    assert sealed_vaults(PLAN, ()) == (1, 2, 3)
    assert sealed_vaults(PLAN, [2]) == (1, 3)
    assert sealed_vaults(PLAN, [1, 2, 3, 4]) == ()
