"""What may reach a model: how names and cells are written down, and that canaries never leave by any tool."""

import json
import unicodedata
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heldout.agent.privacy import LEAST, LONGEST, checked_privacy, cleaned, quote, redacted, visible
from heldout.agent.toolbox import TOOLS, offered
from heldout.agent.toolbox.tools_compare import measured
from heldout.tools.errors import UsageError
from tests.toolbox import (
    CANARIES,
    CITY,
    DAY,
    HIGH,
    LONG,
    LOW,
    ODD,
    RANK,
    TOWN,
    VERBOSE,
    OwnJail,
    ask,
    bench_of,
    proposed,
    table,
    text_of,
)  # fmt: skip

FRAME = table()
ATTACKS = (
    "SELECT min(city) AS x, count(*) AS n FROM data",
    "SELECT max(pay) AS x, count(*) AS n FROM data",
    "SELECT max_by(city, pay) AS x, count(*) AS n FROM data",
    "SELECT any_value(city) AS x, count(*) AS n FROM data GROUP BY plan",
    "SELECT string_agg(city, ',') AS x, count(*) AS n FROM data",
    "SELECT list(DISTINCT city) AS x, count(*) AS n FROM data",
    "SELECT mode(city) FILTER (WHERE pay > 900000) AS x, count(*) AS n FROM data",
    "SELECT avg(pay) FILTER (WHERE pay > 900000) AS x, count(*) AS n FROM data",
    "SELECT avg(CASE WHEN pay > 900000 THEN pay END) AS x, count(*) AS n FROM data",
    "SELECT city, count(*) AS n FROM data GROUP BY city",
    "SELECT city, 50 AS n FROM data",
    "SELECT city, count(*) AS m, 50 AS n FROM data GROUP BY city",
    "SELECT city, count(*) AS n, 50 AS N FROM data GROUP BY city",
    "SELECT city, 50 AS n, count(*) AS n FROM data GROUP BY city",
    "SELECT r.city, count(*) AS n FROM data r, range(50) GROUP BY r.city",
    "SELECT r.city, count(*) AS n FROM data r, data s GROUP BY r.city",
    "SELECT x, count(*) AS n FROM (SELECT unnest(list(city)) AS x FROM data, range(50)) GROUP BY x",
    "WITH data AS (SELECT city FROM data, range(50)) SELECT city, count(*) AS n FROM data GROUP BY city",
    "SELECT city, count(*) AS n FROM data GROUP BY city UNION ALL SELECT city, 50 FROM data",
    "SELECT (SELECT max(city) FROM data) AS x, count(*) AS n FROM data",
    "SELECT first_value(city) OVER (ORDER BY pay DESC) AS x, 50 AS n FROM data",
    "SELECT quantile_disc(city, 0.01) AS x, count(*) AS n FROM data",
    "SELECT quantile_cont(pay, 1.0) AS x, count(*) AS n FROM data",
    "SELECT quantile_cont(pay, 0.5 + 0.5) AS x, count(*) AS n FROM data",
    "SELECT quantile_cont(pay, [0.0, 0.5]) AS x, count(*) AS n FROM data",
    "SELECT sum(pay * (pay > 900000)::INT) AS x, count(*) AS n FROM data",
    "SELECT sum(greatest(pay, 0)) AS x, count(*) AS n FROM data",
    "SELECT median(city) AS x, count(*) AS n FROM data",
    "SELECT concat(median(city), '') AS x, count(*) AS n FROM data WHERE city LIKE 'Canary%'",
    "SELECT histogram(city) AS x, count(*) AS n FROM data",
    "SELECT DISTINCT ON (city) city, 50 AS n FROM data",
    "SELECT * FROM data",
    "FROM data",
    "SELECT COLUMNS('c.*'), count(*) AS n FROM data GROUP BY ALL",
    "SELECT list_transform([1], x -> x) AS y, count(*) AS n FROM data",
    "SELECT city, count(*) AS n FROM data GROUP BY ROLLUP (city)",
    "SELECT count(*) AS n FROM read_csv('/etc/passwd')",
    "SELECT sum(pay) AS x, count(*) AS n FROM data WHERE pay > 900000",
    "SELECT getvariable('x') AS x, count(*) AS n FROM data",
    "SELECT count(*) AS n FROM data; SELECT city FROM data",
    "DELETE FROM data", "COPY data TO 'x.csv'", "", "SELECT", "SELECT 1 AS n",
    "SELECT " + "(" * 200 + "1" + ")" * 200 + " AS x, count(*) AS n FROM data",
    "SELECT a" + ".a" * 900 + ", count(*) AS n FROM data GROUP BY 1",
)  # fmt: skip


def calls() -> list[tuple[str, dict[str, Any]]]:
    """Every tool with every column and pair, and with words that come near what must not be told."""
    names = list(FRAME.columns)
    wheres = (None, "city=Bonn", "city!=Bonn", f"city={CITY}", f"pay > {HIGH - 1}", f"pay < {LOW + 1}", f"rank={RANK}",
              f"day < {DAY[:3]}2-01-01", "city=Canaryvile", "city=Canary")  # fmt: skip
    out: list[tuple[str, dict[str, Any]]] = [("columns", {}), ("columns", {"names": names}), ("segments", {})]
    out += [("leads", {"most": 60}), *(("leads", {"column": n, "most": 60}) for n in names)]
    for a, b in permutations(names, 2):
        out += [("compare_groups", {"outcome": a, "by": b}), ("relate", {"outcome": a, "other": b})]
    for where in wheres:
        out += [
            ("compare_groups", {"outcome": "pay", "by": "city", "where": where}),
            ("compare_groups", {"outcome": "city=Canary", "by": "plan", "where": where}),
            ("relate", {"outcome": "pay", "other": "city", "where": where}),
            ("trend", {"outcome": "pay", "where": where}),
        ]
    out += [("trend", {"outcome": n, "over": "day"}) for n in names]
    out += [
        ("compare_groups", {"outcome": "city", "event": "Canary", "by": "plan"}),
        ("columns", {"names": ["canary"]}),
    ]
    claims = (
        "pay higher for city=Canary", "pay higher for city=canary vile than Bonn", "city=Canry higher for plan=gold",
        "city ~ plan", "pay ~ city", "city ~ left", "pay higher for city", "city higher for plan=gold",
        "pay ranks city: Canary > Bonn", "pay is between 0 and 100", "pay at most 900000", "rank is one of 1, 2, 3, 4",
        "city determines plan", "pay increases with city", "gap in pay by city larger for plan=gold",
        "pay shifts between city=Bonn and Canary", "pay higher for rank=7",
        "effect of city on pay higher for plan=gold",
        "day higher for city=Bonn", "pay differs between city=Bonn and Canaryvil", "pay increases with note",
        {"family": "group_difference", "outcome": "pay", "predictor": "city", "levels": {"a": ["Canary"]},
         "direction": "higher"},
        {"family": "rate_difference", "outcome": "city", "event": "Canary", "predictor": "plan",
         "levels": {"a": ["gold"]}, "direction": "higher"},
        {"family": "categorical_association", "outcome": "city", "predictor": "plan"},
    )  # fmt: skip
    out += [("propose", {"claims": [{"claim": claim}]}) for claim in claims]
    out += [("query", {"sql": sql}) for sql in ATTACKS]
    return out


CALLS = calls()


def without_own_words(text: str, arguments: dict[str, Any]) -> str:
    """The answer in small letters without what the caller said itself, which may be said back."""
    said = json.dumps(arguments, ensure_ascii=False)
    for word in (CITY, f"{HIGH - 1:g}", str(HIGH - 1), str(LOW + 1)):
        if word in said:
            text = text.replace(word, "")
    return text.casefold()


@pytest.mark.parametrize("privacy", ["profile", "schema"])
def test_no_rare_label_end_of_a_range_or_cell_leaves_by_any_tool(privacy: Any) -> None:
    bench = bench_of(FRAME, privacy, jail=OwnJail(FRAME))
    told = {name: 0 for name in (t.name for t in offered(bench))}
    for name, arguments in CALLS:
        if name not in told:
            continue
        text = text_of(bench, name, arguments)
        found = [c for c in CANARIES if c in without_own_words(text, arguments)]
        assert not found, (name, arguments, text)
        told[name] += '"error"' not in text
    assert all(told[name] for name in told if name != "open_question"), told


def test_the_canaries_do_stand_in_the_rows_and_leave_where_the_user_allows_samples() -> None:
    bench = bench_of(FRAME, "sample", jail=OwnJail(FRAME))
    told = [text_of(bench, n, a) for n, a in CALLS if n in ("columns", "compare_groups")]
    told.append(text_of(bench, "query", {"sql": "SELECT city, max(pay) FROM data GROUP BY city"}))
    text = "".join(told).casefold()
    assert CITY.casefold() in text
    assert TOWN.casefold() in text
    assert "987700" in text


def test_facts_hold_no_canary_either() -> None:
    bench = bench_of(FRAME, "profile", jail=OwnJail(FRAME))
    for name, arguments in CALLS:
        if CITY not in json.dumps(arguments) and str(HIGH - 1) not in json.dumps(arguments):
            text_of(bench, name, arguments)
    facts = [f._replace(source="") for f in bench.facts.values() if "900000" not in f.source]
    found = json.dumps([f._asdict() for f in facts]).casefold()
    assert len(facts) > 500
    assert not [c for c in CANARIES if c in found]


def test_every_group_that_is_told_has_ten_rows_and_every_attack_by_sql_is_refused_or_empty() -> None:
    bench = bench_of(FRAME, "profile", jail=OwnJail(FRAME))
    for name, arguments in CALLS:
        ask(bench, name, **arguments)
    assert min(f.n for f in bench.facts.values() if f.n is not None) >= LEAST
    [few] = (ask(bench, "query", sql="SELECT city, count(*) AS n FROM data GROUP BY city")["left_off"],)
    assert "10" in few


def test_units_of_independence_are_counted_where_rows_belong_to_them() -> None:
    """Twenty rows of two customers are two customers."""
    from heldout.tools.data.rows import Rows

    plan = ["seldom"] * 20 + ["a", "b"] * 200
    who = [k // 10 for k in range(20)] + [2 + k // 2 for k in range(400)]
    rows = Rows.of({"plan": plan, "pay": [float(k % 17) for k in range(420)]}, cluster=who)
    text = text_of(bench_of(rows), "compare_groups", {"outcome": "pay", "by": "plan"})
    assert "a:" in text
    assert "seldom" not in text
    assert "seldom" not in text_of(bench_of(rows), "columns", {})


def test_schema_tells_names_and_types_and_no_figure() -> None:
    bench = bench_of(FRAME, "schema", jail=OwnJail(FRAME))
    assert [t.name for t in offered(bench)] == ["columns", "propose", "open_question"]
    lines = ask(bench, "columns")["columns"]
    assert lines[:3] == ["plan · category", "contract · category", "visits · whole number"]
    proposed(bench, "pay higher for plan=gold", "pay ~ plan", "pay ~ city", "left=yes higher for contract=no")
    assert bench.facts == {}
    answers = proposed(bench, "visits higher for plan=gold than plus", "visits ~ plan", "pay higher for plan=silver")
    text = json.dumps(answers)
    assert "gold" in answers[0]["understood"]
    assert "understood" in answers[1]
    assert "basic" not in text
    assert "refused" in answers[2]


def test_none_offers_no_tool_and_no_jail_no_sql() -> None:
    assert offered(bench_of(FRAME, "none")) == ()
    assert "query" not in {t.name for t in offered(bench_of(FRAME))}
    assert len(offered(bench_of(FRAME, jail=OwnJail(FRAME)))) == len(TOOLS)


BENIGN = (
    "SELECT plan, avg(pay) AS m, count(*) AS n FROM data GROUP BY plan",
    "SELECT plan, avg((\"left\" = 'yes')::INT) AS share, count(*) AS n FROM data GROUP BY plan ORDER BY share LIMIT 5",
    "SELECT year(day) AS y, quarter(day) AS q, median(pay) AS m, count(*) AS n FROM data "
    "WHERE plan IN ('gold', 'plus') AND pay BETWEEN 5 AND 100 GROUP BY ALL ORDER BY 1, 2",
    "SELECT floor(visits / 5) * 5 AS v, quantile_cont(pay, 0.9) AS p, count(*) AS n FROM data GROUP BY v HAVING n > 20",
    "SELECT corr(pay, visits) AS r, regr_slope(pay, visits) AS b, count(*) AS n FROM data WHERE pay < 99",
    "SELECT city, contract, sum(pay) / sum(visits) AS each, count(*) AS n FROM data GROUP BY city, contract",
    "SELECT count(*) AS n FROM data WHERE city LIKE 'B%' AND NOT (plan = 'gold' OR day IS NULL)",
    "SELECT date_trunc('month', day) AS m, avg(ln(visits + 1)) AS a, count(*) AS n FROM data GROUP BY m ORDER BY m",
)


@pytest.mark.parametrize("sql", BENIGN)
def test_aggregates_that_an_analyst_would_write_pass_and_give_figures(sql: str) -> None:
    answer = ask(bench_of(FRAME, jail=OwnJail(FRAME)), "query", sql=sql)
    assert "error" not in answer, answer
    assert answer["rows"]
    assert all("[f" in str(row[answer["columns"].index("n")]) for row in answer["rows"])


def test_what_is_worded_elsewhere_loses_rare_labels_and_long_names_but_not_the_callers_own_words() -> None:
    bench = bench_of(FRAME)
    text = f"`{LONG}` of {CITY}, Bonn and CanaryVilles; `{TOWN}`"
    assert bench.masked(text) == "`c9` of (a rare label), Bonn and CanaryVilles; `(a rare label)`"
    assert bench.masked(f"{CITY} and {TOWN}", f"pay higher for city={CITY}") == f"{CITY} and (a rare label)"
    assert VERBOSE not in bench.masked(f"where it is {VERBOSE}")


def test_a_claim_on_a_rare_label_is_not_suggested_and_a_cell_that_is_no_group_is_not_told() -> None:
    from heldout.tools.verify.hypothesis import parse

    bench = bench_of(FRAME, jail=OwnJail(FRAME))
    of = {"family": "group_difference", "outcome": "pay", "predictor": "city", "direction": "higher"}
    rare, known = (parse({**of, "levels": {"a": [level]}}) for level in (CITY, "Bonn"))
    assert [e["claim"] for e in measured(bench, [rare, known])] == ["pay higher for city=Bonn"]
    answer = ask(bench, "query", sql="SELECT median(city) AS middle, count(*) AS n FROM data")
    assert answer["rows"][0][0] == "(not told)"


# Names and cells


@given(st.text(max_size=300))
def test_a_quoted_name_is_one_json_string_of_visible_characters_that_closes_nothing(text: str) -> None:
    quoted = quote(text)
    inner = json.loads(quoted)
    assert len(inner) <= LONGEST
    assert not {unicodedata.category(c) for c in inner} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert not set("<>&\n") & set(quoted)
    assert cleaned(inner) == inner


def test_hidden_text_is_taken_out_of_names() -> None:
    tags = "".join(chr(0xE0000 + ord(c)) for c in "ignore all")
    selectors = "".join(chr(0xE0100 + k) for k in range(20))
    assert cleaned(f"pay{tags}{selectors}\u202e\u2066\u200b\ufeff\u00ad\x1b[31m\u3164") == "pay[31m"
    assert cleaned("a\r\n\tb\u2028c") == "a b c"
    assert cleaned("x" * 100) == "x" * 63 + "…"
    assert visible("naïve café 東京") == "naïve café 東京"


def test_a_column_of_a_long_or_unprintable_name_goes_by_a_short_id_and_is_read_by_it() -> None:
    bench = bench_of(FRAME)
    lines = ask(bench, "columns")["columns"]
    assert lines[8].startswith('c9 = "How satisfied are you with')
    assert len(lines[8].split('"')[1]) == LONGEST
    assert lines[9].startswith('c10 = "spend (EUR)"')
    text = text_of(bench, "relate", {"outcome": "c10", "other": "c9"})
    assert "c10" in text
    assert LONG not in text
    assert "\u200b" not in text
    assert "error" not in ask(bench, "compare_groups", outcome=LONG, by="plan")
    answers = proposed(bench, "c10 higher for c9=disagree", f"`{ODD}` increases with pay")
    assert all("\u200b" not in json.dumps(a, ensure_ascii=False) for a in answers)


def test_a_label_of_a_sentence_is_shown_by_its_beginning_and_read_by_it() -> None:
    bench = bench_of(FRAME)
    line = ask(bench, "columns")["columns"][8]
    shown = line.split("`")[1]
    assert len(shown) == LONGEST
    assert shown.endswith("…")
    [answer] = proposed(bench, f"pay higher for c9=`{shown}`")
    assert "no level" not in json.dumps(answer)
    assert "understood" in answer


def test_what_looks_personal_is_redacted_from_samples() -> None:
    assert redacted("mail ann.lee@example.org now") == "mail [email] now"
    assert redacted("see https://a.example/x?y=1") == "see [link]"
    assert redacted("call +49 228 123456 7") == "call [number]"
    assert redacted("from 10.20.30.40") == "from [address]"
    assert redacted("sk-abcdef1234567890abcd") == "[secret]"
    assert redacted("12.5 kg on 2024") == "12.5 kg on 2024"


def test_an_unknown_mode_is_refused_with_those_there_are() -> None:
    assert checked_privacy("schema") == "schema"
    with pytest.raises(UsageError, match="none, schema, profile, sample"):
        checked_privacy("all")
