"""Which claims on texts are drafted: those a person asks about, varied, and none that restates a name."""

import numpy as np
import pandas as pd
import pytest

import heldout
from heldout.agent.assemble import titled
from heldout.agent.bounds import bound_of
from heldout.agent.draft_texts import fits, interest, partners, pattern, read_with_text, variety, worth_telling
from heldout.agent.report.terminal import to_terminal
from heldout.tools.data.rows import Rows
from heldout.tools.explore.lead import Lead
from heldout.tools.text.evaluate import with_properties
from heldout.tools.text.naming import property_of
from heldout.tools.text.properties import Measure, Mentions
from heldout.tools.verify.evidence import Picture
from heldout.tools.verify.grounding import check
from heldout.tools.verify.hypothesis import Contrast, GroupDifference, QuantileDifference, RateDifference

LATE = property_of(Mentions(terms=("late", "delay*")), "text")
SPAM = Contrast(a=("spam",), b=("ham",))


def _mention(level="Late Flight", direction="higher", b=(), prop=LATE):
    return RateDifference(
        outcome=prop.name, predictor="reason", event="yes", levels=Contrast(a=(level,), b=b), direction=direction,
        texts=(prop,),
    )  # fmt: skip


def _measured(of, predictor="label", family=GroupDifference, **more):
    prop = property_of(Measure(of=of), "text")
    return family(outcome=prop.name, predictor=predictor, levels=SPAM, direction="higher", texts=(prop,), **more)


def test_a_mention_of_the_words_of_the_level_itself_says_nothing():
    assert not fits(_mention("Late Flight"))
    assert fits(_mention("Lost Luggage"))


def test_a_phrase_with_the_name_in_it_says_more():
    shirt = property_of(Mentions(terms=("blue shirt",)), "text")
    assert fits(_mention("blue", prop=shirt))


def test_that_one_of_many_levels_mentions_something_less_is_not_drafted_but_of_two_it_is():
    assert not fits(_mention("Bad Flight", direction="lower"))
    assert fits(_mention("spam", direction="lower", b=("ham",)))


def test_a_pattern_is_a_mention_without_the_levels_name_or_the_measure():
    shirts = [property_of(Mentions(terms=(f"{c} shirt",)), "text") for c in ("blue", "red")]
    same = {pattern(_mention(c, prop=p)) for c, p in zip(("blue", "red"), shirts, strict=True)}
    assert same == {("mention", "text", "reason", "… shirt")}
    assert pattern(_mention("Lost Luggage")) is None
    assert pattern(_measured("words")) == ("measure", "words of text", "label")


def test_quantiles_of_measures_of_form_are_not_drafted():
    assert not fits(_measured("words", family=QuantileDifference, quantile=0.9))
    assert fits(_measured("words"))


def test_a_measure_is_worth_less_than_a_mention_and_a_claim_without_texts_is_worth_all():
    assert interest(_measured("capital letters")) < interest(_measured("words")) < interest(_mention())
    assert interest(GroupDifference(outcome="wage", predictor="sex", levels=SPAM, direction="higher")) == 1.0


def test_a_second_measure_of_form_on_the_same_column_is_worth_less_than_a_mention_after_it():
    first = _measured("words")
    mention = RateDifference(
        outcome=LATE.name, predictor="label", event="yes", levels=SPAM, direction="higher", texts=(LATE,)
    )
    assert variety(_measured("digits"), first) < variety(mention, first)
    assert partners(first) == ("label",)


def test_the_property_is_what_is_told_of_a_group_and_a_rating_is_what_goes_with_it():
    rows = with_properties(
        Rows.of({"label": ["a", "b"] * 30, "rating": np.arange(60.0), "year": np.arange(1960.0, 2020.0)},
                texts={"text": ["late", "x"] * 30}),
        [LATE],
    )  # fmt: skip
    order = {name: at for at, name in enumerate(rows.columns)}
    told = {
        n: read_with_text(rows.column(n), rows.column(LATE.name), order)[0].name for n in ("label", "rating", "year")
    }
    assert told == {"label": LATE.name, "rating": "rating", "year": LATE.name}


@pytest.mark.parametrize(
    ("of", "title", "said"),
    [
        (LATE, f"share of {LATE.name} = yes", "share of rows where `text` mentions late or delay*"),
        (LATE, f"share of rows where {LATE.name} is no", "share of rows where `text` does not mention late or delay*"),
        (LATE, LATE.name, "whether `text` mentions late or delay*"),
        (
            property_of(Measure(of="digits"), "text"),
            "share of digits of text above 0",
            "share of rows where `text` has a digit",
        ),
        (property_of(Measure(of="words"), "text"), "words of text", "number of words in `text`"),
        (LATE, "share of churn = yes", "share of churn = yes"),
    ],
)
def test_a_chart_says_a_property_as_its_sentence_does(of, title, said):
    picture = Picture(kind="rates", x_title="reason", y_title=title, records=())
    assert titled(picture, _mention(prop=of)).y_title == said


def _lead(a, b):
    return Lead(a=a, b=b, kind="category-number", measure="epsilon_squared", strength=0.2, n=100, p_value=1e-9,
                mutual_information=0.1)  # fmt: skip


def test_capitals_are_not_told_of_a_label_that_the_address_gives_away():
    airline = ["United", "JetBlue"] * 60
    handles = {"United": "@united", "JetBlue": "@JetBlue"}
    capitals, words = (property_of(Measure(of=of), "text") for of in ("capital letters", "words"))
    rows = with_properties(
        Rows.of({"airline": airline, "mood": ["good", "good", "bad", "bad"] * 30},
                texts={"text": [f"{handles[a]} thanks a lot" for a in airline]}),
        [capitals, words],
    )  # fmt: skip
    leads = [_lead(capitals.name, "airline"), _lead(words.name, "airline"), _lead(capitals.name, "mood")]
    assert worth_telling(leads, rows) == leads[1:]


@pytest.fixture(scope="module")
def mails():
    rng = np.random.default_rng(12)
    filler = ["".join(w) for w in rng.choice(list("bcdfghklmnprst"), (90, 5))]
    rows = []
    for at in range(1_500):
        spam = at % 3 == 0
        words = [str(w) for w in rng.choice(filler, 9)]
        words += ["claim", "the", "prize", str(at)] if spam and rng.random() < 0.6 else []
        words += ["i", "am", "home"] if not spam and rng.random() < 0.5 else []
        words += ["urgent", f"ref {at}"] if rng.random() < 0.3 else []
        split = str(rng.choice(["train", "test"]))
        words += [filler[at % 89] + "o", filler[at % 83] + "a"]
        rows.append(("spam" if spam else "ham", " ".join(words), split))
    return pd.DataFrame(rows, columns=["label", "text", "split"])


@pytest.fixture(scope="module")
def report(mails, tmp_path_factory):
    return heldout.explain(mails, name="mails", ledger=tmp_path_factory.mktemp("mails") / "ledger.jsonl")


def test_what_was_planted_in_texts_is_verified_and_what_was_not_is_not(report):
    verified = [f.hypothesis for f in report.verified]
    terms = {t for h in verified for p in h.get("texts", ()) for t in p["property"].get("terms", ())}
    assert any("prize" in t for t in terms)
    assert not any("urgent" in t for t in terms)
    assert any(p["property"].get("of") == "digits" for h in verified for p in h.get("texts", ()))


def test_no_claim_is_about_the_split(report):
    told = [{f.hypothesis["outcome"], f.hypothesis["predictor"]} for f in report.findings]
    assert told
    assert not any("split" in columns for columns in told)


def test_claims_on_texts_stand_in_few_families(report):
    families = {f.family for f in report.findings if f.hypothesis.get("texts")}
    assert families <= {
        "group_difference", "rate_difference", "occurrence_difference", "monotone_association", "trend",
    }  # fmt: skip


def test_sentences_speak_of_the_text_and_not_of_levels_yes_and_no(report):
    sentences = [f.sentence for f in report.findings if f.hypothesis.get("texts")]
    assert any("`text` mentions" in s for s in sentences)
    assert not any(" is yes" in s or " is no " in s for s in sentences)


def test_every_finding_on_texts_can_be_cited_with_its_figures(report):
    for finding in report.findings:
        bound = bound_of(finding)
        assert check(finding.sentence, [bound]) == ()
        assert {"a", "b", "outcome", "predictor", "figure_a", "figure_b", "effect"} <= set(bound.slots), (
            finding.sentence
        )


def test_a_sentence_that_turns_a_finding_on_texts_round_is_caught(report):
    finding = next(f for f in report.verified if f.family == "group_difference")
    bound = bound_of(finding)
    words = {1: "higher", -1: "lower"}
    told = f"{bound.slots['outcome'].text} is {{}} when {bound.slots['a'].text} than when {bound.slots['b'].text}."
    assert not [f for f in check(told.format(words[bound.sign]), [bound]) if f.kind == "direction"]
    assert [f for f in check(told.format(words[-bound.sign]), [bound]) if f.kind == "direction"]


def test_the_renderings_name_the_text_alike(report):
    sentence = next(f.sentence for f in report.findings if "`text` mentions" in f.sentence)
    head = sentence.split(" for ")[0]
    assert head in report.to_markdown()
    assert "mentions" in report.to_html()
    assert "<code>text</code> mentions" in report.to_html()
    assert head.replace("`", "") in " ".join(to_terminal(report.result).split())


def test_stated_properties_are_answered_and_the_same_question_again_spends_nothing(mails, tmp_path):
    claims = [
        "text mentions prize more often for label=spam",
        "negations of text higher for label=spam",
        "digits of text lower for label=spam",
    ]
    one, two = (heldout.verify(mails, claims, ledger=tmp_path / "ledger.jsonl", name="mails") for _ in range(2))
    assert [a.outcome for a in one.result.asked] == ["verified", "untestable", "refuted"]
    assert two.replayed
    assert two.result.findings == one.result.findings


def test_a_claim_on_a_text_is_asked_in_a_thread(mails, tmp_path):
    answer = heldout.ask(mails, "text mentions prize more often for label=spam", ledger=tmp_path / "l.jsonl")
    assert "VERIFIED on sealed rows" in answer.to_text()
