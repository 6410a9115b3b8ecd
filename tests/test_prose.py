"""Words from outside become a summary only where every sentence is grounded; the rest is the templates' own."""

import json
import random
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import heldout
from benchmarks.grounding import (
    HOSTILE,
    NUMBER_WORDS,
    PLAIN,
    SIGNS,
    adversarial,
    attack,
    caught,
    judged,
    paraphrases,
    printed,
    slot_form,
    unbound,
)
from heldout.agent.bounds import agrees, bound_of, bounds_of
from heldout.agent.prose import MOST_SENTENCES, answer_of, catalogue, summary_of
from heldout.prompts import load
from heldout.tools.verify.families.wording import column
from tests.grounded import AGE, BMI, CHURN, FACTS, FINDINGS, GDP, OLD, REGION, SHARE, SMOKERS, WOMEN, Fact, finding
from tests.grounded import effect as effect_of

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "data" / "affairs.csv"
KNOWN = list(bounds_of(FINDINGS, FACTS).values())
SLOTS = [f"[{b.id}.{name}]" if name else f"[{b.id}]" for b in KNOWN for name in b.slots]
NAMES = [name for b in KNOWN for name in b.names]


# Filling and replacing


def test_code_fills_the_figures_of_a_sentence_that_holds() -> None:
    i = SMOKERS.id
    told = summary_of(
        FINDINGS, (), f"`charges` is higher where [{i}.a] than where [{i}.b], by [{i}.size] ([{i}.interval])."
    )
    assert told.sentences == (
        "`charges` is higher where `smoker` is yes than where `smoker` is no, by 23,616 "
        "(95 % interval 22,300 to 24,900).",
    )
    assert told.cites == ((i,),)
    assert (told.dropped, told.replaced) == ((), 0)


def test_a_sentence_that_fails_is_replaced_by_its_template_and_counted_with_its_fault() -> None:
    i = SMOKERS.id
    told = summary_of(FINDINGS, (), f"`charges` is lower where [{i}.a] than where [{i}.b].")
    assert told.sentences == (SMOKERS.sentence,)
    ((raw, fault),) = told.dropped
    assert raw.startswith("`charges` is lower")
    assert fault.kind == "direction"
    assert told.replaced == 1


def test_a_template_stands_once_however_many_sentences_it_replaces() -> None:
    told = summary_of(FINDINGS, (), f"[{AGE.id}] is causal.\n[{AGE.id}] is proven.\nNothing is cited here.")
    assert told.sentences == (AGE.sentence,)
    assert (len(told.dropped), told.replaced) == (3, 1)


def test_the_computed_figure_stands_and_the_invented_one_does_not() -> None:
    told = summary_of(
        (), (GDP,), "The `gdp` of the country is [f1]. It is approximately $3.85 trillion as of 2021 [f1]."
    )
    assert told.sentences[0] == "The `gdp` of the country is 3.85 million."
    assert "trillion" not in " ".join(told.sentences)
    assert "2021" not in " ".join(told.sentences)


def test_digits_that_the_text_writes_itself_fail_even_where_they_are_right() -> None:
    told = summary_of(FINDINGS, (), f"`charges` rises with `age` (n = 690) [{AGE.id}].")
    assert told.sentences == (AGE.sentence,)
    assert told.dropped[0][1].kind == "number"


def test_a_percentage_cited_whole_brings_its_denominator() -> None:
    assert summary_of((), (SHARE,), "[f2] are male.").sentences == ("41.2 % of 1,024 rows are male.",)
    assert summary_of((), (SHARE,), "[f2.value] are male.").dropped[0][1].kind == "denominator"


def test_a_share_of_named_rows_is_told_with_their_count() -> None:
    share = Fact("f1", 41.25, "%", "share of sex=male", 891, denominator="exploration rows", columns=("sex",))
    assert summary_of((), (share,), "[f1] are male.").sentences == ("41.25 % of 891 exploration rows are male.",)
    sample = share._replace(denominator="a sample of rows")
    assert summary_of((), (sample,), "[f1].").sentences == ("41.25 % of a sample of rows (n = 891).",)


def test_a_date_an_interval_and_a_filter_are_printed_as_such() -> None:
    day = Fact("f1", 19_783.0, "date", "50 % quantile of day", 80, columns=("day",))
    mean = Fact("f2", 32.2, None, "mean of fare", 80, "pclass is 1", columns=("fare",), low=30.0, high=34.4)
    assert summary_of((), (day,), "The middle of `day` is [f1].").dropped[0][1].text == "middle"
    assert summary_of((), (day,), "The value of `day` is [f1].").sentences == ("The value of `day` is 2024-03-01.",)
    told = summary_of((), (mean,), "[f2.where], the mean of `fare` is [f2] ([f2.interval]).")
    assert told.sentences == ("Where pclass is 1, the mean of `fare` is 32.2 (95 % interval 30.0 to 34.4).",)


def test_without_a_usable_text_the_first_screen_is_the_summary() -> None:
    first = tuple(f.sentence for f in FINDINGS if f.headline)
    for text in (None, "", "Hello world!", "[f9] is it.", "\x00" * 50):
        assert summary_of(FINDINGS, FACTS, text).sentences == first


def test_an_answer_tells_every_piece_of_evidence_even_where_the_text_hides_it() -> None:
    told = answer_of((SMOKERS, BMI), (OLD,), f"[{SMOKERS.id}.claim].")
    assert told.sentences == (
        "`charges` is higher when `smoker` is yes than when it is no.",
        BMI.sentence,
        "Mean of `wait`: 30.6 minutes (n = 120; where `age` > 60).",
    )
    assert told.cites == ((SMOKERS.id,), (BMI.id,), ("f6",))


def test_an_inconclusive_claim_is_worded_as_undecided_or_not_at_all() -> None:
    i = REGION.id
    told = summary_of(FINDINGS, (), f"[{i}.claim]. Whether [{i}.claim] is undecided.")
    assert told.dropped[0][1].kind == "significance"
    assert told.sentences[0] == REGION.sentence
    assert told.sentences[1].endswith("is undecided.")


def test_a_verdict_or_a_count_of_another_finding_is_not_taken_for_one_s_own() -> None:
    for text in (
        f"The claim that [{AGE.id}.claim] is [{REGION.id}.verdict].",
        f"[{AGE.id}.claim] ([{SMOKERS.id}.sizes]).",
        f"[{AGE.id}.claim] in [f3.n] rows.",
        f"[{REGION.id}.figures].",
    ):
        assert summary_of(FINDINGS, FACTS, text).dropped[0][1].kind == "direction", text


def test_a_filter_that_is_left_out_costs_the_sentence() -> None:
    i = WOMEN.id
    text = f"`charges` is lower where [{i}.a] than where [{i}.b]."
    assert summary_of(FINDINGS, (), text).dropped[0][1].kind == "population"
    assert not summary_of(FINDINGS, (), f"[{i}.where], {text}").dropped


def test_a_figure_is_offered_only_where_it_is_the_evidence_s() -> None:
    assert agrees("42.7 %", 0.427)
    assert agrees("3.85 million", 3_850_000)
    assert agrees("−1,388", -1388.2)
    assert not agrees("42.8 %", 0.427)
    assert not agrees("1,388", -1388)
    other = CHURN.model_copy(update={"sentence": CHURN.sentence.replace("42.7 %", "52.7 %")})
    assert "figure_a" not in bound_of(other).slots
    assert bound_of(CHURN).slots["figure_a"].text == "42.7 %"


# What the writer is told


def test_the_catalogue_tells_what_may_be_cited_and_no_figure() -> None:
    entries = catalogue(FINDINGS, FACTS)
    assert [e["id"] for e in entries] == [*(f.id for f in FINDINGS), *(f.id for f in FACTS)]
    figures = {s.text for b in KNOWN for s in b.slots.values() if s.kind in ("mean", "difference", "interval", "value")}
    text = json.dumps(entries, ensure_ascii=False)
    assert not [figure for figure in figures if len(figure) > 2 and figure in text]
    women = next(e for e in entries if e["id"] == WOMEN.id)
    assert women["must"] == ["where"]
    assert (women["verdict"], women["what"]) == ("verified", WOMEN.claim)
    [without] = [e for e in catalogue(FINDINGS, (), "schema") if e["id"] == WOMEN.id]
    assert (without["direction"], "prints" in without) == ("down", False)


def test_in_schema_mode_the_catalogue_names_no_level_and_no_cut_point() -> None:
    text = json.dumps(catalogue(FINDINGS, FACTS, "schema"), ensure_ascii=False)
    assert "northeast" not in text
    assert "monthly" not in text
    assert not re.search(r"\b(18|60|51)\b", text)
    assert "charges" in text


def test_every_slot_of_the_catalogue_can_be_cited() -> None:
    for entry in catalogue(FINDINGS, FACTS):
        for slot in (*entry["slots"], *entry.get("prints", ())):
            told = summary_of(FINDINGS, FACTS, f"[{entry['id']}.{slot}].")
            assert all(fault.kind != "citation" for _, fault in told.dropped), (entry["id"], slot)


# Hostile words, hostile data


def test_no_address_no_markup_and_no_invisible_sign_of_the_text_is_printed() -> None:
    for part in (
        *HOSTILE,
        "see https://evil.example/x",
        "\u200b",
        "\u202e",
        "<script>",
        "&lt;b&gt;",
        "[x](y)",
        "*bold*",
    ):
        told = summary_of(FINDINGS, FACTS, f"[{AGE.id}.claim] {part}")
        for sentence in told.sentences:
            assert sentence.isprintable()
            assert not re.search(r"https?:|www|<|&|\]\(|\*|\{", sentence), (part, sentence)


def test_a_column_whose_name_is_an_attack_is_printed_as_its_template_prints_it() -> None:
    name = "x [f1] https://evil.example <img> twelve"
    hostile = finding(
        AGE.hypothesis | {"predictor": name}, "verified", list(AGE.held_out.groups),
        effect_of("Spearman's rho", 0.53, 0.49, 0.57), effect_of("mean difference", 9161, 7500, 10800, "charges"),
        0.001,
    )  # fmt: skip
    told = summary_of((hostile,), (GDP,), f"`charges` rises with [{hostile.id}.predictor].")
    assert told.sentences == (f"`charges` rises with {column(name).replace('://', ': //')}.",)
    assert "3.85" not in told.sentences[0], "a slot in a name is not filled in"


def test_a_text_without_end_is_cut() -> None:
    told = summary_of(FINDINGS, FACTS, f"[{AGE.id}.claim] with [f1]. " * 5_000)
    assert len(told.sentences) <= MOST_SENTENCES
    long = summary_of(FINDINGS, FACTS, f"[{AGE.id}.claim] " + "and so on " * 500)
    assert long.dropped[0][1].kind == "markup"


PARTS = st.lists(
    st.one_of(
        st.sampled_from(SLOTS), st.sampled_from(NAMES), st.sampled_from(PLAIN), st.sampled_from(NUMBER_WORDS),
        st.sampled_from(SIGNS), st.sampled_from(HOSTILE), st.text(max_size=6),
        st.text(st.characters(categories=["Nd", "Nl", "No"]), min_size=1, max_size=3),
    ),
    max_size=25,
)  # fmt: skip


@settings(max_examples=200)
@given(parts=PARTS, glue=st.sampled_from([" ", " ", ""]))
def test_whatever_is_written_no_numeral_is_printed_that_code_did_not_print(parts: list[str], glue: str) -> None:
    own = printed(KNOWN)
    for told in (summary_of(FINDINGS, FACTS, glue.join(parts)), answer_of(FINDINGS, FACTS, glue.join(parts))):
        for sentence in told.sentences:
            assert unbound(sentence, own) == []


@settings(max_examples=150)
@given(seed=st.integers(0, 10_000), part=st.sampled_from([*NUMBER_WORDS, *SIGNS]), at=st.floats(0, 1))
def test_a_numeral_put_into_a_good_sentence_never_comes_out(seed: int, part: str, at: float) -> None:
    good = [text for f in FINDINGS for text in (slot_form(f), *paraphrases(f))]
    text = random.Random(seed).choice(good)
    cut = int(at * len(text))
    told = summary_of(FINDINGS, (), f"{text[:cut]} {part} {text[cut:]}")
    for sentence in told.sentences:
        assert unbound(sentence, printed(KNOWN)) == []


def test_the_measure_sees_a_numeral_where_there_is_one() -> None:
    for numeral in ("twelve", "7", "½", "٣", "Ⅳ", "half"):
        assert unbound(f"`charges` rises {numeral} with `age`.", printed(KNOWN))
    assert unbound("`charges` rises with `age` (n = 690).", printed(KNOWN)) == []


@pytest.mark.slow
def test_ten_thousand_hostile_texts_leave_no_unbound_numeral() -> None:
    seen = attack(FINDINGS, FACTS, 10_000, 7)
    assert seen.unbound == 0
    assert seen.worded > 100, "texts that all fail prove nothing"


def test_the_hostile_texts_are_the_same_for_the_same_seed() -> None:
    one, two = (adversarial(random.Random(3), SLOTS, NAMES) for _ in range(2))
    assert one == two


# True sentences pass, false ones do not


def _measured(findings: tuple) -> tuple[int, int]:
    own = [text for f in findings for text in (slot_form(f), *paraphrases(f))]
    return len(own), len(judged(findings, own))


def test_true_sentences_of_a_real_report_pass_and_false_ones_do_not(tmp_path: Path) -> None:
    findings = heldout.explain(EXAMPLE, ledger=tmp_path / "ledger.jsonl").findings
    sentences, dropped = _measured(findings)
    assert sentences > 100
    assert dropped <= 0.05 * sentences
    made, passed = caught(findings[:6])
    assert sum(made.values()) > 200
    assert passed == []


@pytest.mark.parametrize("name", ["seaborn/penguins.csv", "seaborn/tips.csv", "drift/bike_2011.csv"])
def test_at_least_95_percent_of_the_true_sentences_of_other_tables_pass(
    name: str, shared: Path, tmp_path: Path
) -> None:
    if not (shared / name).is_file():
        pytest.skip("the shared tables are not here")
    sentences, dropped = _measured(heldout.explain(shared / name, ledger=tmp_path / "ledger.jsonl").findings)
    assert dropped <= 0.05 * sentences


IDS = dict(zip("SWRCABO", (f.id for f in FINDINGS), strict=True))
FREE = [
    re.sub(r"\[([A-Z])\b", lambda m: f"[{IDS[m[1]]}", line)
    for line in """
Smokers stand out: `charges` is higher when [S.a] than when [S.b], by [S.size] ([S.interval]).
Charges tend to be much higher for those where [S.a] ([S.figure_a]) than where [S.b] ([S.figure_b]).
On average, `charges` amounts to [S.figure_a] where [S.a], compared with [S.figure_b] where [S.b].
The clearest finding is that charges are higher where [S.a] than where [S.b].
There is evidence that [S.claim]: [S.figures].
It was verified that [S.claim] ([S.sizes]).
Older rows also have higher charges: `charges` rises with `age` ([A.coefficient], [A.sizes]).
`charges` also increases with `age`, from [A.figure_b] where [A.b] to [A.figure_a] where [A.a].
Age and charges are positively associated ([A.coefficient]).
There is a positive association between `age` and `charges` ([A.coefficient]).
Customers with a monthly contract churn more often than others: [C.figure_a] against [C.figure_b] ([C.sizes]).
`churn` is yes in [C.figure_a] of rows where [C.a] and in [C.figure_b] of the rest, a gap of [C.effect] ([C.sizes]).
[C.event] is more common where [C.a] than otherwise, with a difference of [C.effect] ([C.interval]; [C.sizes]).
[W.where], `charges` is lower when [W.a] than when [W.b], a difference of [W.effect].
[W.where], women have lower charges than men.
[W.where], charges were found to be lower for female than for male.
Whether charges differ by region could not be decided [R].
No evidence was found that charges are higher where [R.a] than otherwise.
It remains undecided whether [R.claim].
The data do not show that [R.claim].
The claim that [B.claim] was refuted.
We found no support for the idea that [B.claim].
In contrast, the hypothesis that [B.claim] is not supported.
[O.claim].
By region, charges are highest in the southeast, followed by the northeast and the southwest [O].
In the table, the `gdp` of the country is [f1].
[f2] are male.
About [f2.value] of the [f2.n] rows are male.
The mean of `fare` is [f3].
[f6.where], the mean of `wait` is [f6] ([f6.n] rows).
""".strip().splitlines()
]
"""True sentences as they were first written, before any was tried."""


def test_of_sentences_written_freely_eight_of_thirty_fall_and_a_template_stands_for_each() -> None:
    fallen = [raw for text in FREE for raw, _ in summary_of(FINDINGS, FACTS, text).dropped]
    assert (len(FREE), len(fallen)) == (30, 8)
    assert all(summary_of(FINDINGS, FACTS, text).replaced == 1 for text in fallen)


def test_a_fact_without_a_value_has_no_figure_to_cite() -> None:
    told = summary_of((), (Fact("f1", None, None, "mean of `fare`"),), "The mean of `fare` is [f1.value].")
    assert told.dropped[0][1].kind == "citation"
    assert told.sentences == ("Mean of `fare`: no value (n = 891).",)


def test_a_slot_that_says_again_what_stands_before_it_is_dropped_for_the_template() -> None:
    i = WOMEN.id
    told = summary_of(FINDINGS, (), f"Among rows where [{i}.where], [{i}.claim].")
    assert told.sentences == (WOMEN.sentence,)
    assert told.dropped[0][1].text.startswith("said twice")


def test_the_forms_that_the_prompt_shows_hold_for_a_verified_difference() -> None:
    """A form that a model is shown and cannot use costs the reader the model's sentence."""
    shown = re.findall(r"`([^`]*\[id\.claim\][^`]*\.)`", load("summary").system)
    assert len(shown) >= 6
    for form in shown:
        finding = REGION if "decided" in form else SMOKERS
        if "refuted" in form or "adjusted" in form or "other." in form:
            continue
        told = summary_of(FINDINGS, (), form.replace("[id.", f"[{finding.id}."))
        assert told.dropped == (), form


def test_averages_that_do_not_show_a_relation_of_ranks_are_never_told_as_its_size() -> None:
    faint = finding(
        AGE.hypothesis, "verified", list(AGE.held_out.groups), effect_of("Spearman's rho", 0.13, 0.02, 0.24),
        effect_of("mean difference", 9161, -800, 19000, "charges"), 0.01,
    )  # fmt: skip
    assert "the averages alone do not show it" in faint.sentence
    assert not {"effect", "size", "figure_a", "figure_b"} & set(bound_of(faint).slots)
    assert {"effect", "figure_a", "coefficient"} <= set(bound_of(AGE).slots)
    told = summary_of((faint,), (), f"[{faint.id}.claim], by [{faint.id}.effect].")
    assert told.sentences == (faint.sentence,)


@pytest.mark.parametrize(
    ("tag", "phrase"),
    [
        ("attenuated", "shrinks with `region` held fixed and is no longer shown"),
        ("reversed", "reverses with `region` held fixed"),
    ],
)
def test_a_verified_claim_that_does_not_stand_is_never_told_without_that(tag: str, phrase: str) -> None:
    shaken = SMOKERS.model_copy(
        update={"adjustment": SMOKERS.adjustment.model_copy(update={"tag": tag, "phrase": phrase})}
    )
    i, findings = shaken.id, (shaken, AGE)
    told = summary_of(
        findings, (), f"[{i}.claim], by [{i}.size]. [{i}.claim], but it [{i}.adjusted]. `charges` falls [{i}.a]."
    )
    assert [s.count(phrase) for s in told.sentences] == [1, 1, 1]
    assert told.sentences[0].endswith(f"by 23,616 (it {phrase}).")
    both = summary_of(findings, (), f"[{i}.claim], while [{AGE.id}.claim].").sentences[0]
    assert both.endswith(f"(that of `charges` and `smoker` {phrase}).")
    assert summary_of(findings, (), None).sentences[0].endswith(f"(it {phrase}).")
    assert [e.get("must") for e in catalogue(findings, ())] == [["adjusted"], None]
    firm = summary_of(FINDINGS, (), f"[{i}.claim], by [{i}.size].").sentences
    assert not any("held fixed" in s for s in firm)


def test_a_difference_below_nought_is_told_by_its_size_behind_by() -> None:
    i = WOMEN.id
    [told] = summary_of(FINDINGS, (), f"[{i}.claim], by [{i}.effect].").sentences
    assert told.endswith("by 1,388.")
    [alone] = summary_of(FINDINGS, (), f"[{i}.claim]: a difference of [{i}.effect].").sentences
    assert "−1,388" in alone
