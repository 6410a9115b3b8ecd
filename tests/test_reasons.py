"""Marks in a quote are the words that the frozen property looked at."""

from itertools import pairwise

import pytest

from heldout.tools.text.properties import Ending, Judged, Measure, Mentions, Rate, TextProperty
from heldout.tools.text.reasons import explain, quoted
from heldout.tools.text.words import placed_words, words_of


def marked(prop, text: str) -> list[str]:
    quote = explain(TextProperty(name="p", column="text", property=prop), text)
    return [quote.text[a:b] for a, b in quote.marks]


def test_terms_that_occur_are_marked_wherever_they_stand():
    text = "Delayed again: a DELAY of two hours, and the gate changed."
    assert marked(Mentions(terms=("delay*", "cancelled")), text) == ["Delayed", "DELAY"]
    assert marked(Rate(terms=("gate",)), text) == ["gate"]


def test_a_phrase_is_marked_as_one():
    assert marked(Mentions(terms=("late flight",)), "Another late flight, too late.")[0] == "late flight"


def test_what_a_measure_counts_is_marked_and_a_count_of_all_words_marks_none():
    assert marked(Measure(of="negations"), "I did not see it and never will go there") == ["not", "never"]
    assert marked(Measure(of="words"), "one two three four five six") == []


def test_the_ending_is_the_last_word():
    assert marked(Ending(of=("a",)), "Anna met Maria") == ["Maria"]


def test_a_judge_is_not_asked_again_for_every_word():
    assert marked(Judged(question="Is it late?", model="m", prompt="p"), "very late") == []


def test_a_property_that_does_not_hold_marks_nothing():
    assert marked(Mentions(terms=("bag",)), "a late flight") == []


@pytest.mark.parametrize(
    "text",
    [
        "plain words, don't stop http://a.b/c?d @me #tag",
        "naïve ﬁsh and Ⅷ cafés",
        "東京へ行く and ok",
        "e\u0301t\u0301 combined",
        "tabs\tand\nlines",
        "İstanbul’da",
    ],
)
def test_places_of_words_are_those_of_the_tokenizer(text):
    placed = placed_words(text)
    assert [p.word for p in placed] == words_of(text)
    assert all(0 <= p.start < p.end <= len(text) for p in placed)
    assert all(a.end <= b.start for a, b in pairwise(placed))
    for p in placed:
        if p.word.isascii() and p.word.isalpha() and text[p.start : p.end].isascii():
            assert text[p.start : p.end].lower() == p.word


def test_a_long_document_is_quoted_where_its_reasons_are():
    text = "nothing here. " * 60 + "The luggage was lost. " + "more of it. " * 60
    quote = quoted(text, {"luggage": 1.0, "lost": 0.5})
    assert len(quote.text) <= 300
    assert quote.text.startswith("…")
    assert quote.text.endswith("…")
    assert [quote.text[a:b] for a, b in quote.marks] == ["luggage", "lost"]


def test_a_document_without_words_is_quoted_as_it_is():
    assert quoted("  ?! \n ...").text == "?! ..."
