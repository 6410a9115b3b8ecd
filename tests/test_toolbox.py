"""The toolbox as a reader of its answers sees it: what each tool tells, in how much room, and how it errs."""

import json
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from heldout.agent.looking import look_at
from heldout.agent.outlook import Focus
from heldout.agent.privacy import LEAST, LONGEST
from heldout.agent.sealing import How, sealed
from heldout.agent.summary import Settings
from heldout.agent.toolbox import TOOLS, Bench, Fact, call, told
from heldout.agent.toolbox.facts import printed, rounded
from heldout.agent.toolbox.spec import MOST_CHARACTERS
from heldout.agent.toolbox.tools_propose import MOST
from heldout.tools.verify.policy import make_rule
from tests.toolbox import OwnJail, ask, bench_of, table, text_of

FRAME = table()
ID = re.compile(r"\[(f\d+)\]")
TOKENS = 2_500


@pytest.fixture(scope="module")
def bench() -> Bench:
    return bench_of(FRAME, jail=OwnJail(FRAME))


def twenty(n: int = 1_500) -> pd.DataFrame:
    """Twenty columns as a business table has them: long labels, numbers of many digits, missing values."""
    rng = np.random.default_rng(3)
    data: dict[str, object] = {}
    for k in range(7):
        levels = [f"Service level {c} (contract {k})" for c in "ABCDEFGHIJ"]
        data[f"category_of_service_{k}"] = rng.choice(levels, n)
    for k in range(13):
        x = rng.lognormal(8, 1, n).round(2) + (3_000 if k % 2 else 0) * rng.integers(0, 2, n)
        data[f"amount_invoiced_{k:02d}"] = np.where(rng.random(n) < 0.1, np.nan, x + 0.3 * data.get("base", 0.0))
        data.setdefault("base", x)
    del data["base"]
    return pd.DataFrame(data)


def tokens(text: str) -> float:
    """Tokens of text that is dense with figures: about 2.4 characters each, on the safe side of what models count."""
    return len(text) / 2.4


def test_columns_and_leads_of_twenty_columns_fit_in_2500_tokens_each() -> None:
    own = bench_of(twenty())
    for name in ("columns", "leads"):
        text = text_of(own, name, {})
        assert tokens(text) <= TOKENS, (name, len(text))
        assert "cut" not in json.loads(text)
    assert len(ask(own, "columns")["columns"]) == 20


def test_a_wide_table_is_told_more_shortly_and_not_cut_off() -> None:
    rng = np.random.default_rng(4)
    wide = pd.DataFrame({f"measurement_number_{k:03d}": rng.normal(1e5, 1e3, 300) for k in range(120)})
    text = text_of(bench_of(wide), "columns", {})
    assert len(text) <= MOST_CHARACTERS
    assert len(json.loads(text)["columns"]) == 120
    assert "cut" not in json.loads(text)
    some = ask(bench_of(wide), "columns", names=["measurement_number_007"])["columns"]
    assert "5/25/50/75/95 %" in some[0]


def test_every_figure_that_is_told_is_a_fact_with_what_it_is_of(bench: Bench) -> None:
    calls = (
        ("columns", {}), ("leads", {}), ("compare_groups", {"outcome": "pay", "by": "plan"}),
        ("relate", {"outcome": "left", "other": "visits", "where": "plan=gold"}), ("trend", {"outcome": "pay"}),
        ("propose", {"claims": [{"claim": "pay higher for plan=gold"}]}),
        ("query", {"sql": "SELECT plan, avg(pay) AS m, count(*) AS n FROM data GROUP BY plan"}),
    )  # fmt: skip
    for name, arguments in calls:
        ids = ID.findall(text_of(bench, name, arguments))
        assert ids, name
        for id_ in ids:
            fact = bench.facts[id_]
            assert fact.id == id_
            assert fact.label
            assert fact.n
            assert fact.value == rounded(fact.value)


def test_the_same_number_keeps_its_id_and_another_gets_a_new_one() -> None:
    own = bench_of(FRAME)
    first = text_of(own, "compare_groups", {"outcome": "pay", "by": "plan"})
    count = len(own.facts)
    assert text_of(own, "compare_groups", {"outcome": "pay", "by": "plan"}) == first
    assert len(own.facts) == count
    assert list(own.facts) == [f"f{k}" for k in range(1, count + 1)]
    assert own.note(Fact(1.0, "one")) == own.note(Fact(1.0, "one")) == f"f{count + 1}"
    assert own.note(Fact(2.0, "one")) == f"f{count + 2}"


def test_two_benches_of_the_same_rows_tell_the_same_bytes_in_any_order_of_rows() -> None:
    turned = FRAME.iloc[::-1].reset_index(drop=True)
    for name, arguments in (
        ("columns", {}), ("leads", {}), ("relate", {"outcome": "pay", "other": "visits"}),
        ("compare_groups", {"outcome": "left", "by": "plan"}), ("trend", {"outcome": "pay"}),
    ):  # fmt: skip
        assert text_of(bench_of(FRAME), name, arguments) == text_of(bench_of(turned), name, arguments)


def test_figures_agree_with_pandas(bench: Bench) -> None:
    ask(bench, "compare_groups", outcome="pay", by="plan", where="contract=yes")
    of = {(f.label, f.filter): f for f in bench.facts.values()}
    own = FRAME[FRAME.contract == "yes"].groupby("plan").pay
    for plan, mean in own.mean().items():
        fact = of[f"mean of pay where plan {plan}", "contract=yes"]
        assert fact.value == pytest.approx(mean, rel=5e-4)
        assert fact.n == own.count()[plan]
        assert of[f"median of pay where plan {plan}", "contract=yes"].value == pytest.approx(
            own.median()[plan], rel=5e-4
        )
    ask(bench, "columns")
    labels = {f.label: f.value for f in bench.facts.values()}
    assert labels["25 % quantile of pay"] == pytest.approx(FRAME.pay.quantile(0.25), rel=5e-4)
    assert labels["share of plan=gold"] == pytest.approx(100 * (FRAME.plan == "gold").mean(), rel=5e-4)


def test_numbers_keep_four_digits_and_counts_all_of_theirs() -> None:
    assert [printed(x) for x in (12345.678, 0.0123456, 48.25, 1234567.0, -0.5, 0.0, 2e-9, 99.999)] == [
        "12350", "0.01235", "48.25", "1234567", "-0.5", "0", "2e-09", "100",
    ]  # fmt: skip


# What stands out


def test_leads_say_the_effect_in_the_datas_own_units_strongest_first() -> None:
    lines = ask(bench_of(FRAME), "leads")["leads"]
    strengths = [abs(float(re.findall(r"(?:strength|rho) (-?[\d.]+)", line)[0])) for line in lines]
    assert all(a >= b - 0.005 for a, b in pairwise(strengths))  # told with two digits
    assert any(re.match(r"median pay: [\d.]+\[f\d+\] for plan=gold, [\d.]+\[f\d+\] for plan=", x) for x in lines)
    assert any(re.match(r"share left=yes: [\d.]+%\[f\d+\] for contract=no", x) for x in lines)
    assert any("pay rises with visits" in x for x in lines)


def test_leads_with_an_outcome_in_focus_are_told_as_that_outcome() -> None:
    lines = ask(bench_of(FRAME, focus=Focus(outcome="left")), "leads")["leads"]
    assert lines
    assert all(x.startswith("share left=yes") for x in lines)


def test_labels_that_mark_the_same_rows_are_told_once_and_not_as_leads() -> None:
    rng = np.random.default_rng(8)
    net = rng.choice(["fiber", "dsl", "none"], 800)
    tv = np.where(net == "none", "no net", rng.choice(["yes", "no"], 800))
    web = np.where(net == "none", "no net", rng.choice(["yes", "no"], 800))
    cost = 20.0 + 30 * (net != "none") + 12 * (tv == "yes") + rng.normal(0, 3, 800)
    result = ask(bench_of(pd.DataFrame({"net": net, "tv": tv, "web": web, "cost": cost})), "leads")
    assert result["same_rows"] == ["net=none = tv=`no net` = web=`no net`"]
    assert not [x for x in result["leads"] if "tv" in x and ("web" in x or "net=" in x)]
    [line] = [x for x in result["leads"] if "tv=" in x]
    assert "for tv=yes" in line
    assert "for tv=no ·" in line


def test_a_course_that_turns_is_told_with_its_middle() -> None:
    rng = np.random.default_rng(9)
    age = rng.uniform(20, 70, 900)
    wage = 60 - 0.03 * (age - 42) ** 2 + rng.normal(0, 4, 900)
    own = bench_of(pd.DataFrame({"age": age, "wage": wage, "noise": rng.normal(0, 1, 900)}))
    [line] = [x for x in ask(own, "leads", column="wage")["leads"] if "age" in x]
    assert "turns with age" in line
    assert "between" in line


def test_how_often_a_number_is_above_zero_is_told_where_it_is_often_zero() -> None:
    rng = np.random.default_rng(10)
    group = rng.choice(["a", "b"], 900)
    spend = np.where(rng.random(900) < np.where(group == "a", 0.6, 0.2), rng.lognormal(3, 1, 900), 0.0)
    own = bench_of(pd.DataFrame({"group": group, "spend": spend}))
    assert ask(own, "leads")["leads"][0].startswith("share spend > 0")
    told_ = ask(own, "compare_groups", outcome="spend > 0", by="group")
    assert told_["of"] == "share of spend > 0"
    assert all("%" in x for x in told_["groups"])


def test_relate_measures_both_ways_and_shows_the_course(bench: Bench) -> None:
    result = ask(bench, "relate", outcome="pay", other="visits")
    effect = result["effects"][0]
    assert effect["claim"] == "pay increases with visits"
    assert effect["effect"].startswith("Spearman's rho 0.")
    assert effect["in_units"].startswith("mean difference (top against bottom quarter) ")
    assert effect["seen"] == "very clear"
    assert len(result["course"]) >= 6


def test_relate_says_when_columns_follow_from_each_other() -> None:
    rng = np.random.default_rng(12)
    a, b = rng.integers(1, 90, 600).astype(float), rng.integers(1, 90, 600).astype(float)
    own = bench_of(pd.DataFrame({"a": a, "b": b, "both": a + b, "other": rng.normal(0, 1, 600)}))
    assert "built" in ask(own, "relate", outcome="both", other="a")["note"]
    assert ask(own, "columns")["built"] == ["both is the sum of a, b"]


def test_trend_tells_the_course_and_the_seasons_that_the_dates_cover() -> None:
    rng = np.random.default_rng(13)
    day = pd.Timestamp("2018-01-01") + pd.to_timedelta(rng.integers(0, 1_500, 2_000), unit="D")
    sales = 100 + 0.05 * (day - day.min()).days + 30 * (day.month == 12) + rng.normal(0, 5, 2_000)
    own = bench_of(pd.DataFrame({"day": day, "sales": np.asarray(sales), "noise": rng.normal(0, 1, 2_000)}))
    result = ask(own, "trend", outcome="sales")
    assert result["effects"][0]["claim"] == "sales rises over day"
    assert len(result["course"]) == 12
    [months] = [s for s in result["seasons"] if s.startswith("month")]
    assert "highest month 12" in months


def test_segments_come_with_a_rule_that_can_be_claimed() -> None:
    rng = np.random.default_rng(14)
    n = 900
    kind = rng.integers(0, 2, n)
    frame = pd.DataFrame({f"m{k}": 10.0 * kind + rng.normal(0, 1, n) for k in range(4)})
    frame["left"] = np.where(rng.random(n) < np.where(kind, 0.6, 0.2), "yes", "no")
    own = bench_of(frame, focus=Focus(outcome="left"))
    result = ask(own, "segments")
    assert result["segments"]
    rule = result["segments"][0]["rule"]
    assert "error" not in ask(own, "compare_groups", outcome="left", by="m0", where=rule)


# Errors


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("leads", {"column": "pya"}, "Did you mean 'pay'"),
        ("leads", {"colum": "pay"}, "Did you mean `column`"),
        ("leads", {"most": 1_000}, "less than or equal to 60"),
        ("compare_groups", {"outcome": "pay"}, "`by`: Field required"),
        ("compare_groups", {"outcome": "pay", "by": "plna"}, "Did you mean 'plan'"),
        ("compare_groups", {"outcome": "plan=golden", "by": "city"}, "Did you mean 'gold'"),
        ("compare_groups", {"outcome": "pay", "by": "plan", "where": "plan is"}, "plan"),
        ("compare_groups", {"outcome": "pay", "by": "plan", "where": "visits > 1e9"}, "fewer than 10 rows"),
        ("compare_groups", {"outcome": "pay", "by": "day"}, "trend"),
        ("compare_groups", {"outcome": "day", "by": "plan"}, "is a date"),
        ("relate", {"outcome": "pay", "other": "note"}, "not analysed"),
        ("trend", {"outcome": "pay", "over": "plan"}, "nothing runs over it"),
        ("query", {"sql": "SELECT plan FROM data"}, "count(*) AS n"),
        ("query", {"sql": "SELECT avg(pay) AS m, count(*) AS n FROM other"}, "the one table `data`"),
        ("propose", {"claims": []}, "at least 1 item"),
        ("propose", {"claims": ["pay higher"]}, "claims.0"),
    ],
)  # fmt: skip
def test_an_error_says_what_was_wrong_and_what_could_stand_there(
    bench: Bench, name: str, arguments: dict, said: str
) -> None:
    answer = ask(bench, name, **arguments)
    assert list(answer) == ["error"]
    assert said in answer["error"]
    assert len(answer["error"]) <= 600


def test_every_tool_has_words_arguments_and_an_example_that_it_accepts() -> None:
    assert [t.name for t in TOOLS] == [
        "columns", "leads", "compare_groups", "relate", "trend", "segments", "query", "propose", "open_question",
    ]  # fmt: skip
    for spec in TOOLS:
        assert len(spec.description) < 2_000
        example = json.loads(spec.description.split("Example:")[1])
        spec.arguments.model_validate(example)
        listed = set(re.findall(r"^    (\w+): ", spec.description.split("Example:")[0], re.MULTILINE))
        assert listed == set(spec.arguments.model_fields)


def test_no_tool_speaks_of_what_decides() -> None:
    """A model that knew the smallest effects, the level or an outcome could draft towards them."""
    own = bench_of(FRAME, jail=OwnJail(FRAME))
    texts = [json.dumps(t.arguments.model_json_schema()) + t.description for t in TOOLS]
    texts += [text_of(own, "propose", {"claims": [{"claim": "pay higher for plan=gold"}, {"claim": "pay ~ contract"}]})]
    texts += [text_of(own, n, a) for n, a in (("relate", {"outcome": "pay", "other": "plan"}), ("leads", {}))]
    for text in texts:
        assert not re.search(r"verified|refuted|inconclusive|smallest effect|alpha|p[_-]value|p =", text, re.IGNORECASE)


def test_a_result_is_capped_whole_and_says_so() -> None:
    result = {"a": "x", "rows": [{"k": k, "text": "y" * 50} for k in range(500)], "more": {"few": [1, 2]}}
    text = told(result)
    assert len(text) <= MOST_CHARACTERS
    kept = json.loads(text)
    assert kept["cut"] is True
    assert kept["rows"] == result["rows"][: len(kept["rows"])]
    assert len(kept["rows"]) > 80
    assert kept["more"] == {"few": [1, 2]}
    assert json.loads(told({"a": "x" * 9_000}))["cut"] is True
    assert "cut" not in json.loads(told({"a": [1, 2]}))


def test_arguments_of_any_shape_are_answered_and_never_raise(bench: Bench) -> None:
    for spec in TOOLS:
        for junk in ({}, {"x": 1}, {k: None for k in spec.arguments.model_fields},
                     {k: [["\u0000"]] for k in spec.arguments.model_fields},
                     {k: "`'\"=><~" * 200 for k in spec.arguments.model_fields}):  # fmt: skip
            assert len(told(call(spec, bench, junk))) <= MOST_CHARACTERS


def test_the_page_names_the_tools_and_the_bounds_that_the_code_has() -> None:
    page = (Path(__file__).resolve().parents[1] / "docs" / "how-it-works.md").read_text(encoding="utf-8")
    section = page.split("## What a model may call")[1].split("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == [t.name for t in TOOLS]
    assert f"at most {MOST_CHARACTERS:,} characters" in section
    assert f"strings of at most {LONGEST} characters" in section
    assert f"aggregates of {LEAST} rows" in section
    propose = next(t for t in TOOLS if t.name == "propose").arguments.model_json_schema()
    assert f"at most {propose['properties']['claims']['maxItems']} a call and {MOST} a run" in section


@pytest.mark.parametrize(
    "file", ["rdatasets/modeldata/wa_churn.csv", "dat8/titanic.csv", "dat8/bikeshare.csv", "seaborn/penguins.csv"]
)
def test_real_tables_are_told_in_room_for_a_run_of_twelve_calls(file: str, shared: Path, tmp_path: Path) -> None:
    if not (shared / file).exists():
        pytest.skip("the real tables are not beside the checkout")
    settings = Settings(make_rule(), Focus(), True, 1)
    _, split = sealed(shared / file, How(), settings, tmp_path, lambda _: None)
    own = Bench.of(look_at(split.explore(), settings, lambda _: None, {}))
    names = list(own.columns)
    texts = [text_of(own, "columns", {}), text_of(own, "leads", {})]
    texts += [text_of(own, "relate", {"outcome": names[-1], "other": n}) for n in names[:5]]
    texts += [text_of(own, "compare_groups", {"outcome": names[0], "by": n}) for n in names[1:6]]
    assert sum(map(tokens, texts)) < 15_000
    assert max(map(tokens, texts)) <= TOKENS


def test_the_rows_for_sql_go_by_the_names_that_a_model_knows() -> None:
    own = bench_of(FRAME)
    rows = own.sql_rows()
    assert list(rows.columns) == ["plan", "contract", "visits", "pay", "left", "city", "rank", "day", "c9", "c10"]
    assert [c.name for c in rows.columns.values()] == list(rows.columns)
    for name, column in own.columns.items():
        short = own.id(name)
        if column.type == "category":
            assert np.array_equal(rows.codes(short), own.rows.codes(name))
        else:
            assert np.array_equal(rows.number(short), own.rows.number(name), equal_nan=True)


def test_the_words_and_arguments_of_all_tools_take_less_than_1800_tokens() -> None:
    """They are sent with every request."""
    assert sum(len(t.description) + len(json.dumps(t.arguments.model_json_schema())) for t in TOOLS) / 4 < 1_800


def test_a_run_of_eleven_calls_on_twenty_columns_sends_less_than_55000_tokens(shared: Path, tmp_path: Path) -> None:
    """Each request sends the tools and all answers so far again, so what is told early counts many times."""
    file = shared / "rdatasets" / "modeldata" / "wa_churn.csv"
    if not file.exists():
        pytest.skip("the real tables are not beside the checkout")
    settings = Settings(make_rule(), Focus(outcome="churn"), True, 1)
    _, split = sealed(file, How(), settings, tmp_path, lambda _: None)
    own = Bench.of(look_at(split.explore(), settings, lambda _: None, {}), focus=settings.focus)
    others = list(own.columns)[1:]
    assert len(others) == 19
    claims = [{"claim": f"churn ~ {name}", "why": "It may matter to those who leave."} for name in others]
    plan: list[tuple[str, dict]] = [("columns", {}), ("leads", {}), ("leads", {"column": "tenure", "most": 10})]
    plan += [("relate", {"outcome": "churn", "other": n}) for n in ("tenure", "monthly_charges", "contract", "partner")]
    plan += [("compare_groups", {"outcome": "churn", "by": n}) for n in ("payment_method", "internet_service")]
    plan += [("propose", {"claims": claims[:9]}), ("propose", {"claims": claims[9:]})]
    fixed = sum(len(t.description) + len(json.dumps(t.arguments.model_json_schema())) for t in TOOLS) / 4
    sent, history = 0.0, 0.0
    for name, arguments in plan:
        sent += fixed + history
        history += tokens(text_of(own, name, arguments)) + len(json.dumps(arguments)) / 4
    assert sent + fixed + history < 55_000
