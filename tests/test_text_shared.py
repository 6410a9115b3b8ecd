"""What is read once of a document says what reading it each time said, and a report on texts has the same bytes."""

import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array, random_array
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))
from text_corpus import corpus
from themes import Plan, planted

import heldout
from heldout.tools.data.rows import Rows
from heldout.tools.explore.decomposing import largest_directions
from heldout.tools.explore.text_themes import find_themes
from heldout.tools.text.evaluate import Aids, with_properties
from heldout.tools.text.measures import measured, measured_all
from heldout.tools.text.naming import FORMS
from heldout.tools.text.stopwords import english
from heldout.tools.text.terms import Terms
from heldout.tools.text.words import spoken, words_from, words_of

TEXTS = [
    "On hold for 2 hours. @air lost my bag!! See https://t.co/x", "ΑΣ.Β ΣΑΣ it’s İstanbul", "", "日本語。です",
    "ﬁne Ｗide #tag", "HTTP://SHOUT.COM stays words", "so so so cool", "www.x.y no?", "caf\u00e9 \u0306 x",
]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_words_of_a_whole_text_are_those_of_its_parts(text: str) -> None:
    apart = [w for part in text.split() for w in words_of(part)]
    assert words_of(text) == apart


def test_words_that_were_read_once_are_those_of_the_text() -> None:
    known = spoken([*TEXTS, None, TEXTS[0]])
    assert known == {t: words_of(t) for t in TEXTS}
    assert words_from(known, [*TEXTS, "one more"]) == [*(words_of(t) for t in TEXTS), ["one", "more"]]


def test_measures_taken_together_are_those_taken_one_by_one() -> None:
    words = [words_of(t) for t in TEXTS]
    together = measured_all(list(FORMS), TEXTS, words)
    for form in FORMS:
        alone = [measured(form, t, w) for t, w in zip(TEXTS, words, strict=True)]
        np.testing.assert_array_equal(together[form], alone)


def test_a_phrase_is_counted_wherever_it_begins_also_over_itself() -> None:
    terms = Terms(["so so", "on hold", "on hold for", "hold", "ho*", "hold f*"])
    documents = [words_of("so so so"), words_of("on hold for hours, on hold"), []]
    assert terms.counts(documents).tolist() == [[2, 0, 0, 0, 0, 0], [0, 2, 1, 2, 3, 1], [0] * 6]


def test_themes_that_read_a_document_once_decide_as_one_by_one() -> None:
    texts = planted(Plan(documents=400, themes=3, length=50.0), 2).texts
    found = find_themes("text", texts)
    assert found.model is not None
    assert len(found.properties) > 1
    rows = Rows.of({}, texts={"text": [*texts[:100], None]})
    held = with_properties(rows, found.properties, Aids({found.summary.model or "": found.model}))
    for p in found.properties:
        alone = found.model.holds(p.property, texts[:100])  # type: ignore[arg-type]
        assert held.codes(p.name).tolist() == [*alone.astype(int).tolist(), -1]


@pytest.mark.parametrize("size", [14, 300])
def test_the_largest_directions_are_those_of_scikit_learn(size: int) -> None:
    table = csr_array(random_array((size, size), density=0.2, rng=np.random.default_rng(size)))
    table = csr_array(table + table.T)
    d = min(30, size - 1)
    library = TruncatedSVD(d, random_state=5, n_iter=3)
    places, sizes = largest_directions(table, d, 5)
    np.testing.assert_allclose(places, library.fit_transform(table), atol=1e-9)
    np.testing.assert_allclose(sizes, library.singular_values_, atol=1e-9)


def test_the_english_words_without_a_subject_hold_scikit_learns_list() -> None:
    assert english() >= ENGLISH_STOP_WORDS


def test_a_report_on_texts_has_the_same_bytes_with_one_thread_and_for_shuffled_rows(tmp_path: Path) -> None:
    table = corpus(1200)
    first = heldout.explain(table, name="tickets", ledger=tmp_path / "a.jsonl", threads=2)
    other = table.sample(frac=1, random_state=3)
    second = heldout.explain(other, name="tickets", ledger=tmp_path / "b.jsonl", threads=1)
    assert [f for f in first.findings if "ticket" in f.sentence]
    assert second.to_json(timing=False) == first.to_json(timing=False)
