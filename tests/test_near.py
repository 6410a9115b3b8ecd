"""Near-duplicates: documents that repeat each other but for a few words are found, others are not, in any order."""

import numpy as np
import pytest

from heldout.tools.text.near import LEAST_WORDS, near_duplicates

WORDS = [f"{a}{b}{c}" for a in "bdfglmnprst" for b in "aeiou" for c in ("lan", "mer", "tis", "ron", "vek")]


def _document(rng: np.random.Generator, n: int) -> list[str]:
    return [WORDS[i] for i in rng.integers(0, len(WORDS), n)]


def _jaccard(a: list[str], b: list[str]) -> float:
    one, two = ({tuple(x[i : i + 2]) for i in range(len(x) - 1)} for x in (a, b))
    return len(one & two) / len(one | two)


def test_the_share_of_pairs_that_is_found_grows_with_what_they_have_in_common() -> None:
    rng = np.random.default_rng(1)
    found: dict[int, list[bool]] = {}
    for _ in range(1_500):
        a = _document(rng, 60)
        changed = rng.random(60) < 0.3 * rng.random()
        b = [WORDS[rng.integers(0, len(WORDS))] if new else w for w, new in zip(a, changed, strict=True)]
        group = near_duplicates([" ".join(a), " ".join(b)])
        found.setdefault(int(10 * _jaccard(a, b)), []).append(bool(group[0] >= 0))
    share = {tenth: float(np.mean(hits)) for tenth, hits in found.items() if len(hits) >= 40}
    assert share[9] > 0.99
    assert share[8] > 0.95
    assert share[7] > 0.85
    assert share[4] < 0.1
    assert {4, 5, 6, 7, 8, 9} <= set(share)


def test_unrelated_documents_are_never_near() -> None:
    rng = np.random.default_rng(2)
    texts = [" ".join(_document(rng, int(n))) for n in rng.integers(8, 60, 3_000)]
    assert (near_duplicates(texts) == -1).all()


def test_groups_do_not_depend_on_the_order_of_the_documents() -> None:
    rng = np.random.default_rng(3)
    texts: list[str | None] = []
    for _ in range(150):
        base = _document(rng, 30)
        for _ in range(rng.integers(1, 5)):
            texts.append(" ".join(w if rng.random() > 0.05 else "changed" for w in base))
    texts += [None, "", "short one"]
    group = near_duplicates(texts)
    assert (group >= 0).sum() > 100
    for seed in range(5):
        order = np.random.default_rng(seed).permutation(len(texts))
        assert np.array_equal(near_duplicates([texts[i] for i in order]), group[order])


def test_a_chain_is_one_group_and_equal_texts_are_near() -> None:
    rng = np.random.default_rng(4)
    links = [_document(rng, 40)]
    for step in range(8):
        links.append([*links[-1][: step * 5], "new", *links[-1][step * 5 + 1 :]])
    texts = [" ".join(link) for link in links] + [" ".join(links[0])]
    group = near_duplicates(texts)
    assert len(set(group.tolist())) == 1
    assert group[0] >= 0


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ("your order 48213 was sent on 3 May to 12 Elm Street and arrives soon",
         "your order 90177 was sent on 9 May to 45 Elm Street and arrives soon", True),
        ("The House Was SILENT and all of it shut", "the house was silent, and all of it shut!", True),
        ("thank you so much", "thank you so much", False),
        ("Ok", "Ok", False),
        ("那天早上河水很高，市场很早就关门了，没有人知道", "那天早上河水很高，市场很早就关门了，没有人知道！", True),
        ("那天早上河水很高，市场很早就关门了", "这家酒店的早餐非常好，房间也很干净", False),
        ("كان النهر مرتفعا في ذلك الصباح وأغلق السوق", "كان النهر مرتفعا في ذلك الصباح وأغلق السوق جدا", True),
        ("", "", False),
    ],
)  # fmt: skip
def test_what_counts_as_near(one: str, other: str, near: bool) -> None:
    assert (near_duplicates([one, other])[0] >= 0) == near


def test_documents_under_five_words_are_left_alone() -> None:
    words = "one two three four five six".split()
    for n in range(1, 7):
        text = " ".join(words[:n])
        assert (near_duplicates([text, text])[0] >= 0) == (n >= LEAST_WORDS)


def test_a_hundred_thousand_copies_are_one_group_and_a_long_document_is_no_burden() -> None:
    group = near_duplicates(["the same notice sent to every one of you today"] * 100_000 + [None])
    assert set(group.tolist()) == {0, -1}
    long = "word after word " * 400_000
    assert near_duplicates([long, long + "and more", "quite another thing than that one"]).tolist() == [1, 1, -1]
