"""Documents beside a claim are the first by digest, of its own population, and come out after the reveal alone."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import heldout
from heldout.agent import looking
from heldout.agent.report.explanation import Explanation
from heldout.tools.data.dataset import open_dataset
from heldout.tools.data.rows import Rows
from heldout.tools.data.split import seal
from heldout.tools.errors import SealBroken
from heldout.tools.text.evaluate import Aids, with_properties
from heldout.tools.text.properties import InTheme, Measure, Mentions, Property, Rate, TextProperty
from heldout.tools.text.summary import Example
from heldout.tools.value import Value, digest
from heldout.tools.verify.disclosure import burnt_texts
from heldout.tools.verify.examples import HOLDING, NOT_HOLDING, digests_of, documents_digest, examples_of, placed
from heldout.tools.verify.hypothesis import Hypothesis, parse
from heldout.tools.verify.ledger import Ledger
from heldout.tools.verify.policy import make_rule
from heldout.tools.verify.seals import record_seal
from heldout.tools.verify.sessions import commit
from heldout.tools.verify.texts import plain_models, taken_as_given
from heldout.tools.verify.verify import verify
from tests import text_corpus as made


def _claim(prop: Property, *, against: str | None = None, **more: Any) -> Hypothesis:
    p = TextProperty(name="p", column="text", property=prop, against=against)
    number = isinstance(prop, (Measure, Rate))
    event = {"first": "first"} if against else {"yes": "yes"}
    own = {"family": "group_difference"} if number else {"family": "rate_difference", "event": next(iter(event))}
    return parse(
        own | {"outcome": "p", "predictor": "g", "levels": {"a": ["x"], "b": []}, "direction": "higher",
               "texts": [p.as_json()], **more}
    )  # fmt: skip


def _rows(texts: list[str | None], g: list[str], other: list[str | None] | None = None, **more: list) -> Rows:
    documents = {"text": texts} | ({"other": other} if other is not None else {})
    return Rows.of({"g": np.array(g), **{k: np.array(v) for k, v in more.items()}}, texts=documents)


def _examples(h: Hypothesis, rows: Rows) -> tuple[Example, ...]:
    rows = with_properties(rows, h.texts)
    return examples_of(h, rows, {name: digests_of(own) for name, own in rows.texts.items()})


TEXTS: list[str | None] = [f"{'late' if at % 3 else 'fine'} number {at}" for at in range(40)]
GROUPS = ["x" if at % 2 else "y" for at in range(40)]


def test_they_are_the_first_by_digest_whatever_they_say() -> None:
    h = _claim(Mentions(terms=("late",)))
    found = _examples(h, _rows(TEXTS, GROUPS))
    assert len(found) == HOLDING + NOT_HOLDING
    for holds, most in ((True, HOLDING), (False, NOT_HOLDING)):
        own = sorted(
            (t for t in TEXTS if t and ("late" in t) == holds), key=lambda t: placed(h.content_id(), digest(t))
        )
        own = own[:most]
        assert [e.quote.text for e in found if e.holds == holds] == own
    assert [bool(e.quote.marks) for e in found] == [e.holds for e in found]
    beside = {t: g for t, g in zip(TEXTS, GROUPS, strict=True)}
    assert all(e.beside == ("g", beside[e.quote.text]) for e in found)


def test_two_claims_on_the_same_documents_show_others() -> None:
    rows = _rows(TEXTS, GROUPS)
    one = _examples(_claim(Mentions(terms=("late",))), rows)
    two = _examples(_claim(Mentions(terms=("late", "delayed"))), rows)
    assert {e.quote.text for e in one} != {e.quote.text for e in two}


def test_the_order_of_rows_makes_no_difference() -> None:
    turned = list(reversed(range(40)))
    one = _examples(_claim(Mentions(terms=("late",))), _rows(TEXTS, GROUPS))
    other = _rows([TEXTS[at] for at in turned], [GROUPS[at] for at in turned])
    assert _examples(_claim(Mentions(terms=("late",))), other) == one


def test_only_rows_of_the_claims_population_with_its_other_column_are_taken() -> None:
    where = [{"column": "n", "op": ">=", "value": 30.0}]
    rows = _rows(TEXTS, GROUPS, n=[float(at) for at in range(40)])
    found = _examples(_claim(Mentions(terms=("late",)), where=where), rows)
    assert {int(e.quote.text.split()[-1]) >= 30 for e in found} == {True}
    lost = Rows.of({"g": np.array(GROUPS), "y": np.array([np.nan] * 39 + [1.0])}, texts={"text": TEXTS})
    by_y = parse(
        {"family": "monotone_association", "outcome": "p", "event": "yes", "predictor": "y", "direction": "increasing",
         "texts": [p.as_json() for p in _claim(Mentions(terms=("late",))).texts]}
    )  # fmt: skip
    assert [e.quote.text for e in _examples(by_y, lost)] == [TEXTS[39]]


def test_no_text_is_shown_twice_and_a_missing_one_never() -> None:
    found = _examples(_claim(Mentions(terms=("late",))), _rows(["late"] * 30 + [None] * 5 + ["fine"] * 5, GROUPS))
    assert [(e.holds, e.quote.text) for e in found] == [(True, "late"), (False, "fine")]


def test_a_rate_is_held_by_texts_that_have_any_and_a_measure_by_none() -> None:
    found = _examples(_claim(Rate(terms=("late",))), _rows(TEXTS, GROUPS))
    assert {("late" in e.quote.text) == e.holds for e in found} == {True}
    assert _examples(_claim(Measure(of="words")), _rows(TEXTS, GROUPS)) == ()


def test_of_a_pair_the_text_that_has_it_is_quoted() -> None:
    other: list[str | None] = [f"{'fine' if at % 3 else 'late'} reply {at}" for at in range(40)]
    found = _examples(_claim(Mentions(terms=("late",)), against="other"), _rows(TEXTS, GROUPS, other))
    assert len(found) == HOLDING + NOT_HOLDING
    assert {("late" in e.quote.text) == e.holds for e in found} == {True}
    assert {e.quote.text.split()[1] for e in found} == {"number", "reply"}


def test_of_a_rate_of_a_pair_the_first_text_is_quoted_where_it_has_more_of_it() -> None:
    other: list[str | None] = [*["fine words here"] * 20, *["late late late"] * 20]
    found = _examples(_claim(Rate(terms=("late",)), against="other"), _rows(TEXTS, GROUPS, other))
    assert [e.holds for e in found] == [True] * HOLDING + [False] * NOT_HOLDING
    for example in found:
        kind, _, at = example.quote.text.split()
        assert example.holds == (kind == "late" and int(at) < 20)


def test_a_claim_on_one_column_alone_names_no_other_beside_its_documents() -> None:
    p = TextProperty(name="p", column="text", property=Mentions(terms=("late",)))
    h = parse(
        {"family": "invariant", "outcome": "p", "predictor": "p", "rule": "one_of", "allowed": ["yes"],
         "direction": "lower", "texts": [p.as_json()]}
    )  # fmt: skip
    found = _examples(h, _rows(TEXTS, GROUPS))
    assert [e.beside for e in found] == [None] * (HOLDING + NOT_HOLDING)


def test_one_digest_stands_for_all_documents_in_any_order() -> None:
    texts = np.array(["a", None, "b"], dtype=object)
    assert documents_digest(digests_of(texts)) == documents_digest(digests_of(texts[::-1]))
    assert documents_digest(digests_of(texts)) != documents_digest(digests_of(np.array(["a", "", "b"], dtype=object)))


def test_documents_are_handed_out_once_their_batch_is_revealed_and_of_no_other_vault(tmp_path: Path) -> None:
    data = open_dataset(made.corpus())
    split = seal(data, tmp_path)
    book = Ledger(tmp_path / "book.jsonl")
    read = made.read(split.explore())
    p = next(p for p in made.PROPERTIES if p.name == "mentions of lateness")
    h = parse(
        {"family": "rate_difference", "outcome": p.name, "event": "yes", "predictor": "team", "direction": "higher",
         "levels": {"a": ["north"], "b": []}, "texts": [p.as_json()]}
    )  # fmt: skip
    with book.locked():
        record_seal(book, data.fingerprint, split.plan)
        receipt = commit(book, data.fingerprint, split.plan, [h], make_rule(), request="r")
        with pytest.raises(SealBroken):
            burnt_texts(split, book, receipt, [h], read.aids)
        verify(split, book, receipt, [h], read.rows, aids=read.aids)
        with pytest.raises(SealBroken):
            burnt_texts(split, book, receipt.model_copy(update={"vault": 2}), [h], read.aids)
        found = burnt_texts(split, book, receipt, [h], read.aids)
    sealed = set(split.read(split.sealed_file, "vault_1").texts["ticket"])
    assert found.examples.keys() == {h.content_id()}
    assert all(e.quote.text in {" ".join(t.split()) for t in sealed if t} for e in found.examples[h.content_id()])
    assert found.digests == {
        "ticket": documents_digest(
            digests_of(np.array(list(split.read(split.sealed_file, "vault_1").texts["ticket"]), dtype=object))
        )
    }


def test_two_runs_and_any_order_of_rows_give_the_same_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "read_texts", made.read)
    frame = made.corpus(900)

    def told(rows: Any, name: str) -> Explanation:
        return heldout.explain(rows, ledger=tmp_path / name, name="tickets")

    one, other = told(frame, "a"), told(frame.sample(frac=1, random_state=3), "b")
    examples = [e for f in one.findings for e in f.examples]
    assert examples
    assert all(f.outcome == "verified" for f in one.findings if f.examples)
    assert [f.as_json() for f in one.findings] == [f.as_json() for f in other.findings]
    assert one.result.documents == other.result.documents
    assert told(frame, "c").to_json(timing=False) == one.to_json(timing=False)


class _ByEmbeddings(Value):
    """Themes that go by centres of embeddings."""

    embedder: str
    themes: tuple[int, ...]


class _Holder:
    """An assigner that holds its frozen form as `model`."""

    def __init__(self, model: Value) -> None:
        self.model = model

    def holds(self, prop: Any, texts: Sequence[str]) -> np.ndarray:
        del prop
        return np.zeros(len(texts))


def test_themes_are_left_to_be_computed_again_only_where_words_alone_decide_them() -> None:
    words, apart = _Holder(made.MODEL), _Holder(_ByEmbeddings(embedder="e", themes=(1,)))
    aids = Aids({"w" * 12: words, "e" * 12: apart})
    claims = [_claim(InTheme(theme="t1", model=name)) for name in ("w" * 12, "e" * 12, "x" * 12)]
    assert plain_models(claims, aids) == {"w" * 12: made.MODEL.as_json()}
    given = [p.property.model for p in taken_as_given(claims, aids) if isinstance(p.property, InTheme)]
    assert given == ["e" * 12, "x" * 12]
    assert len(taken_as_given(claims, aids, quotes=False)) == 3
