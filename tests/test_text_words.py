"""Properties of texts in words: their names, how they are said, how a person states them, and what errors offer."""

import re

import pytest

from heldout.agent.asking import Asking
from heldout.agent.claims_file import stated
from heldout.agent.sentences.names import Names
from heldout.agent.sentences.reader import read
from heldout.tools.data.rows import Rows
from heldout.tools.errors import HypothesisError
from heldout.tools.text.evaluate import with_properties
from heldout.tools.text.naming import FORMS, property_named, property_of, said_of
from heldout.tools.text.properties import Ending, Measure, Mentions, Rate
from heldout.tools.verify.exposures import Exposure
from heldout.tools.verify.families import FAMILIES
from heldout.tools.verify.families.wording import column, group_label, is_level, one_of, versus
from heldout.tools.verify.hypothesis import Contrast, RateDifference

TEXTS = ("text", "headline 1", "headline 2")
PROPERTIES = [
    *(property_of(Measure(of=form), "text") for form in FORMS),
    property_of(Mentions(terms=("late flight", "delay*")), "text"),
    property_of(Mentions(terms=("天 气", "気*", "usb 电 缆")), "text"),
    property_of(Rate(terms=("america*", "freedom")), "text"),
    property_of(Ending(of=("a", "e")), "text"),
    property_of(Mentions(terms=("win",)), "headline 1", "headline 2"),
    property_of(Measure(of="words"), "headline 1", "headline 2"),
    property_of(Measure(of="words"), "headline 1", "headline 2", which=True),
    property_of(Ending(of=("a",)), "headline 1", "headline 2"),
]
ROWS = Rows.of(
    {"label": ["spam", "ham"] * 60, "year": [float(y) for y in range(120)]},
    texts={"text": ["you win a prize 12", "late flight again"] * 60},
)  # fmt: skip


@pytest.mark.parametrize("prop", PROPERTIES, ids=lambda p: p.name)
def test_every_name_is_read_back_as_its_property_and_can_be_said(prop):
    assert property_named(prop.name, TEXTS) == prop
    said = said_of(prop.name)
    assert said is not None
    assert f"`{prop.column}`" in said.noun


@pytest.mark.parametrize("name", ["wage", "words", "number of rooms", "mentions", "price of milk", "rate of interest"])
def test_a_column_of_the_table_is_not_taken_for_a_property(name):
    assert said_of(name) is None
    assert column(name) == f"`{name}`"


def test_levels_of_a_mention_are_said_and_not_spelt():
    name = property_of(Mentions(terms=("late", "delayed", "on hold")), "text").name
    assert is_level(name, ("yes",)) == '`text` mentions late, delayed or "on hold"'
    assert is_level(name, ("no",)) == '`text` does not mention late, delayed or "on hold"'
    assert versus(name, Contrast(a=("yes",), b=("no",)))[1] == "when it does not"
    assert group_label(name, Contrast(a=("yes",)), 1).startswith("`text` does not mention")


def test_a_term_of_a_script_without_spaces_is_written_as_people_write_it_and_found_as_words_are_counted():
    names = Names({c.name: c for c in ROWS.columns.values()}, texts=("text",))
    said = read("text mentions 天气 more often for label=spam", names)
    made = names.made[said.fields["outcome"]].computed
    assert made is not None
    assert made.property == Mentions(terms=("天 气",))
    assert made.name == "text mentions 天气"
    assert is_level(made.name, ("yes",)) == "`text` mentions 天气"
    rows = with_properties(Rows.of({}, texts={"text": ["今日の天気", "今天天气很热"]}), [made])
    assert rows.codes(made.name).tolist() == [0, 1]


@pytest.mark.parametrize("name", ['theme "late, bag" of text', 'theme 3 "late, bag" of text'])
def test_a_theme_is_belonged_to(name):
    assert is_level(name, ("yes",)) == '`text` belongs to the theme "late, bag"'
    assert is_level(name, ("no",)) == '`text` does not belong to the theme "late, bag"'


def test_which_of_two_texts_has_more_is_said_of_either():
    name = property_of(Measure(of="question marks"), "h1", "h2", which=True).name
    assert versus(name, Contrast(a=("first",), b=("second",))) == (
        "when `h1` has more question marks than `h2`", "when `h2` has",
    )  # fmt: skip


def test_a_level_that_is_a_sentence_is_quoted():
    assert one_of(("Headline 1 wins.",)) == '"Headline 1 wins."'
    assert one_of(("North", "St. Gallen")) == "North or St. Gallen"


def test_the_measure_of_opinion_says_what_it_is():
    assert column("opinion of text") == "the excess of words of praise over words of blame, per 100 words, in `text`"


def _read(text):
    names = Names(ROWS.columns, {"text": "it is text."}, ["text", "headline 1", "headline 2"])
    return read(text, names).fields, names


@pytest.mark.parametrize(
    ("text", "outcome", "predictor", "direction"),
    [
        ('text mentions "chicago" more often for label=spam', "text mentions chicago", "label", "higher"),
        ('text mentions "my bag", by* less often for label=ham', 'text mentions "my bag", by*', "label", "lower"),
        ("text contains win or prize more often for label=spam", "text mentions win, prize", "label", "higher"),
        ("number of words in text higher for label=spam", "words of text", "label", "higher"),
        ("rate of america* in text rises over year", "rate of america* in text", "year", "rising"),
        ("text ends in a, e, i more often for label=ham", "text ends in a, e, i", "label", "higher"),
        ("label=spam more often for which of headline 1 and headline 2 has more words=first", "label",
         "which of headline 1 and headline 2 has more words", "higher"),
        ("`text mentions win, prize` more often for label=spam", "text mentions win, prize", "label", "higher"),
        ("text is longer when label is spam", "words of text", "label", "higher"),
        ("text shorter for label=ham", "words of text", "label", "lower"),
        ('label is spam more often when text mentions "win"', "label", "text mentions win", "higher"),
        ("year is higher when text mentions win than when it does not", "year", "text mentions win", "higher"),
        ("The number of words in text is higher when label is spam than otherwise", "words of text", "label", "higher"),
    ],
)  # fmt: skip
def test_a_person_states_properties_of_texts(text, outcome, predictor, direction):
    fields, names = _read(text)
    assert (fields["outcome"], fields["predictor"], fields["direction"]) == (outcome, predictor, direction)
    assert names.made


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("text is nice", "words of text"),
        ("text mentions late flight more often for label=spam", '"late flight"'),
        ("text mentions", "is expected"),
        ("text mentions more often for label=spam", "in quotes"),
        ("text mentions * more often for label=spam", "is no word"),
        ("which of text and wage has more words", "two columns of text"),
        ('text mentions "a*b" ~ label', "may only end"),
        ('text belongs to the theme "bag, luggage" more often for label=spam', "heldout explain FILE"),
        ("text mentions win more often over year", "rises over year"),
    ],
)  # fmt: skip
def test_an_error_says_what_can_be_said_of_texts(text, told):
    with pytest.raises(HypothesisError, match=re.escape(told)):
        _read(text)


@pytest.mark.parametrize("b", [("ham",), ()])
@pytest.mark.parametrize("text_is", ["outcome", "predictor"])
def test_the_sentence_of_a_claim_is_read_back_as_that_claim(b, text_is):
    prop = property_of(Mentions(terms=("win", "late flight")), "text")
    if text_is == "outcome":
        h = RateDifference(
            outcome=prop.name, predictor="label", event="yes", levels=Contrast(a=("spam",), b=b), direction="higher",
        )  # fmt: skip
    else:
        levels = Contrast(a=("yes",), b=("no",))
        h = RateDifference(outcome="label", predictor=prop.name, event="spam", levels=levels, direction="higher")
    fields, _ = _read(FAMILIES[h.family].claim(h).replace("`", ""))
    assert (fields["outcome"], fields["predictor"], fields["event"]) == (h.outcome, h.predictor, h.event)
    # Of two levels the other one is meant, whether it is named or not.
    assert fields["levels"]["a"] == h.levels.a
    assert fields["levels"]["b"] == (h.levels.b or ("ham",))


def test_a_column_of_the_table_is_still_read_first_where_no_text_is_named():
    names = Names(Rows.of({"words": [1.0, 2.0], "label": ["a", "b"]}).columns, {}, ["text"])
    assert read("words higher for label=a", names).fields["outcome"] == "words"


def test_a_stated_claim_is_frozen_with_the_definition_of_its_property():
    asking = Asking(stated("text mentions win, prize more often for label=spam"))
    asking.understand(ROWS.columns, {}, ["text"])
    batch = asking.freeze(ROWS.columns, ROWS, ())
    [draft] = batch.drafts
    assert draft.hypothesis.texts == (property_of(Mentions(terms=("win", "prize")), "text"),)


def test_a_typed_claim_brings_its_own_definitions_and_none_of_an_unknown_text():
    prop = property_of(Mentions(terms=("win",)), "text")
    h = RateDifference(
        outcome=prop.name, predictor="label", event="yes", levels=Contrast(a=("spam",), b=("ham",)), direction="higher",
        texts=(prop,),
    )  # fmt: skip
    asking = Asking(stated(h))
    asking.understand(ROWS.columns, {}, ["text"])
    assert asking.freeze(ROWS.columns, ROWS, ()).drafts[0].hypothesis == h
    with pytest.raises(HypothesisError):
        Asking(stated(h)).understand(ROWS.columns, {}, ["other"])


def test_a_claim_on_a_property_is_spent_where_its_text_was_shown():
    h = RateDifference(
        outcome="text mentions win", predictor="label", event="yes", levels=Contrast(a=("spam",)), direction="higher",
        texts=(property_of(Mentions(terms=("win",)), "text"),),
    )  # fmt: skip
    shown = Exposure(columns=("label", "text"), vaults=(1,), question="q")
    assert shown.touches(h)
    assert not Exposure(columns=("label", "other"), vaults=(1,), question="q").touches(h)


def test_a_sentence_names_both_sides_with_their_shares():
    prop = property_of(Mentions(terms=("late", "delay*")), "text")
    rows = with_properties(ROWS, [prop])
    h = RateDifference(
        outcome=prop.name, predictor="label", event="yes", levels=Contrast(a=("ham",), b=("spam",)), direction="higher"
    )
    family = FAMILIES["rate_difference"]
    text = family.sentence(h, family.evaluate(h, rows))
    assert text.startswith("`text` mentions late or delay* for 100 % of rows when `label` is ham against 0 %")


def test_which_text_has_more_is_missing_where_both_have_as_much():
    texts = {"h1": ["a b c", "a b", "a"], "h2": ["a b", "a b", "a b c"]}
    prop = property_of(Measure(of="words"), "h1", "h2", which=True)
    rows = with_properties(Rows.of({}, texts=texts), [prop])
    assert rows.codes(prop.name).tolist() == [0, -1, 1]


def test_a_pair_is_computed_whatever_text_is_read_first():
    texts = {"h1": ["a b c"], "h2": ["a b"]}
    alone, less = property_of(Measure(of="words"), "h2"), property_of(Measure(of="words"), "h1", "h2")
    rows = with_properties(Rows.of({}, texts=texts), [alone, less])
    assert (rows.number(alone.name)[0], rows.number(less.name)[0]) == (2.0, 1.0)
