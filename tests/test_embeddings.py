"""Embeddings are asked for, kept by content, and decide by thresholds that exploration documents set."""

import subprocess
import sys
from collections.abc import Sequence

import numpy as np
import pytest

from heldout.tools.errors import HypothesisError, UsageError
from heldout.tools.explore.text_themes import find_themes
from heldout.tools.text import minilm
from heldout.tools.text.embeddings import Closeness, EmbeddedThemes, Kept, close_to
from heldout.tools.text.evaluate import Aids
from heldout.tools.text.reasons import explain
from heldout.tools.text.words import words_of
from heldout.tools.value import digest

LATE = "the plane was late and we sat waiting at the gate for the delayed crew of the plane".split()
BAGS = "they lost my bag and the luggage claim desk knew nothing about the lost suitcase".split()


class Hashed:
    """No language model: sums of random directions of words, so that texts of the same words are close."""

    id = "hashed-words:1"

    def __init__(self) -> None:
        self.asked = 0

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        self.asked += len(texts)
        out = np.zeros((len(texts), 64), np.float32)
        for at, text in enumerate(texts):
            for word in words_of(text):
                out[at] += np.random.default_rng(int(digest(word)[:8], 16)).standard_normal(64).astype(np.float32)
        return out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9)


FOOD = "dinner menu had cold soup and our waiter forgot bread butter salt dessert twice".split()


def complaints(n: int = 200, kinds: int = 2) -> list[str]:
    rng = np.random.default_rng(3)
    return [" ".join((LATE, BAGS, FOOD)[i % kinds][at] for at in rng.permutation(14)[:9]) + f" n{i}" for i in range(n)]


def test_vectors_are_kept_by_content_and_embedded_once(tmp_path):
    inner = Hashed()
    first = Kept(inner, tmp_path).embed(["a b", "c", "a b"])
    again = Kept(inner, tmp_path).embed(["c", "a b", "d"])
    assert inner.asked == 3
    assert np.array_equal(first[[1, 0]], again[:2])
    assert np.array_equal(first[0], first[2])


def test_kept_vectors_of_another_embedder_are_not_used(tmp_path):
    one, other = Hashed(), Hashed()
    other.id = "hashed-words:2"
    Kept(one, tmp_path).embed(["a"])
    Kept(other, tmp_path).embed(["a"])
    assert other.asked == 1


def test_closeness_parts_documents_where_exploration_does():
    texts, embedder = complaints(), Hashed()
    prop = close_to("text", "lost luggage claim bag", [*texts, None], embedder)
    held = Closeness(embedder).holds(prop.property, [*texts, "  "])
    assert np.isnan(held[-1])
    assert (held[1:-1:2] == 1).mean() > 0.9
    assert (held[0:-1:2] == 0).mean() > 0.9


def test_a_threshold_needs_documents_that_differ():
    with pytest.raises(HypothesisError, match="differ"):
        close_to("text", "late", ["same", "same"], Hashed())


def test_closeness_of_one_document_is_explained_by_its_words():
    texts, embedder = complaints(), Hashed()
    prop = close_to("text", "lost luggage", texts, embedder)
    quote = explain(prop, "yesterday they lost all our luggage again", Aids({embedder.id: Closeness(embedder)}))
    assert [quote.text[a:b] for a, b in quote.marks] == ["lost", "luggage"]


def test_themes_by_embeddings_are_found_frozen_and_refuse_another_embedder():
    texts, embedder = complaints(240, kinds=3), Hashed()
    out = find_themes("text", texts, embedder=embedder)
    assert isinstance(out.model, EmbeddedThemes)
    assert out.summary.agreement is not None
    held = np.array([out.model.holds(p.property, texts) for p in out.properties if "." not in p.property.theme])
    kind = np.array([i % 3 for i in range(len(texts))])
    assert all(any((h == (kind == k)).mean() > 0.9 for h in held) for k in range(3))
    other = Hashed()
    other.id = "hashed-words:2"
    with pytest.raises(HypothesisError, match="hashed-words"):
        EmbeddedThemes(out.model.model, other)


def test_directions_dealt_out_at_random_have_no_themes():
    class Noise(Hashed):
        def embed(self, texts: Sequence[str]) -> np.ndarray:
            out = np.random.default_rng(len(texts)).standard_normal((len(texts), 32)).astype(np.float32)
            return out / np.linalg.norm(out, axis=1, keepdims=True)

    assert find_themes("text", complaints(), embedder=Noise()).summary.reason == "no stable themes"


def test_without_the_extra_the_error_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(minilm, "installed", lambda: False)
    with pytest.raises(UsageError, match="no-deps"):
        minilm.MiniLM()


def test_themes_by_words_load_no_embedding_library():
    code = (
        "import sys; from heldout.tools.explore.text_themes import find_themes; find_themes('t', ['a b']*40);"
        "assert not {'tokenizers', 'safetensors', 'torch', 'sqlite3.dbapi3'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.skipif(not minilm.installed(), reason="the extra `embeddings` is not installed")
def test_minilm_puts_like_beside_like():
    texts = [
        "My flight was delayed by three hours.",
        "The plane left much too late.",
        "The soup was cold and the bread stale.",
        "The plane left much too late.",
    ]
    vectors = minilm.MiniLM().embed(texts)
    assert vectors.shape == (4, 384)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(4), abs=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.2
    assert vectors[1] == pytest.approx(vectors[3], abs=1e-6)
    alone = minilm.MiniLM().embed(texts[1:2])[0]
    assert alone == pytest.approx(vectors[1], abs=1e-6)
