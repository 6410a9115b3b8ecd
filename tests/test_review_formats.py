"""A review for other programs: JSON, JUnit XML and SARIF after their published schemas, and GitHub's commands."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from lxml import etree

from heldout.agent.review.report.files import NAMES, save, to_json
from heldout.agent.review.report.github import MOST, annotations, step_summary
from heldout.agent.review.report.junit import to_junit
from heldout.agent.review.report.sarif import to_sarif
from heldout.agent.review.report.schema import schema_texts, stored_schema
from heldout.agent.review.result import Review
from heldout.tools.errors import UsageError
from heldout.tools.review.learned import InRange, LearnedClaim, LearnedClaims, LearnedColumn
from tests import review_samples as made

SCHEMAS = Path(__file__).parent / "schemas"
NASTY = "x\x00\x1b[31m]]>\n::error::a%b,c:d\r\n<&\"'>\ud800\ufffe [click](https://evil.example) {0} `b` ##[group]"
SAMPLES: dict[str, Callable[[], Review]] = {**made.ALL, "hostile": lambda: made.hostile(NASTY)}


@pytest.fixture(scope="module")
def jenkins() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(SCHEMAS / "junit-10.xsd"))


@pytest.fixture(scope="module")
def oasis() -> jsonschema.Draft4Validator:
    schema = json.loads((SCHEMAS / "sarif-2.1.0.json").read_text("utf-8"))
    return jsonschema.Draft4Validator(schema, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER)


def cases(review: Review) -> dict[str, Any]:
    root = etree.fromstring(to_junit(review).encode())
    return {case.get("name"): case for case in root.iter("testcase")}


def results(review: Review) -> list[dict[str, Any]]:
    return json.loads(to_sarif(review))["runs"][0]["results"]


# JSON


@pytest.mark.parametrize("name", ["review.schema.json", "claims.schema.json"])
def test_the_stored_schemas_are_what_the_values_say(name: str) -> None:
    assert stored_schema(name) == schema_texts()[name], f"write schema_texts() to agent/review/report/{name}"


def test_the_json_of_every_review_follows_its_schema() -> None:
    validator = jsonschema.Draft202012Validator(json.loads(stored_schema("review.schema.json")))
    for review in (made.errors(), made.unreadable(), made.skipped(), made.calibrating()):
        assert not list(validator.iter_errors(json.loads(to_json(review))))
    assert list(validator.iter_errors(json.loads(to_json(made.clean())) | {"exit_code": "no"}))


def test_the_json_without_timing_is_the_same_on_every_run() -> None:
    slower = made.errors().model_copy(update={"timing": {"open": 9.9}})
    assert to_json(made.errors(), timing=False) == to_json(slower, timing=False)
    assert to_json(made.errors()) != to_json(slower)


def test_a_claims_file_is_held_to_its_schema_and_an_unknown_field_is_refused() -> None:
    rule = InRange(column="price", low=0.0)
    claim = LearnedClaim(id="inv-1", says="`price` is never negative.", kind="invariant", invariant=rule, line=4)
    claims = LearnedClaims(
        source="orders.csv", fingerprint="f" * 64, rows=20, version="0.1.0", claims=(claim,),
        columns=(LearnedColumn(name="price", type="number", storage="DOUBLE"),),
    )  # fmt: skip
    validator = jsonschema.Draft202012Validator(json.loads(stored_schema("claims.schema.json")))
    data = claims.as_json()
    assert not list(validator.iter_errors(data))
    assert "line" not in data["claims"][0]
    for change in ({"severty": "warn"}, {"line": 4}, {"severity": "fatal"}):
        assert list(validator.iter_errors(data | {"claims": [data["claims"][0] | change]})), change


# JUnit


@pytest.mark.parametrize("name", SAMPLES)
def test_junit_follows_the_schema_of_jenkins(name: str, jenkins: etree.XMLSchema) -> None:
    document = etree.fromstring(to_junit(SAMPLES[name]()).encode("utf-8", "strict"))
    jenkins.assertValid(document)
    document[0].set("unheard", "of")
    assert not jenkins.validate(document)


@pytest.mark.parametrize("fail_on", ["error", "warn", "never"])
@pytest.mark.parametrize("name", made.ALL)
def test_junit_fails_exactly_where_the_exit_code_does(name: str, fail_on: str) -> None:
    review = made.ALL[name]().model_copy(update={"fail_on": fail_on})
    root = etree.fromstring(to_junit(review).encode())
    stops = {"error": review.counts.errors, "warn": review.counts.errors + review.counts.warnings, "never": 0}
    assert int(root.get("failures")) == stops[fail_on]
    assert int(root.get("errors")) == (review.outcome == "undecided")
    assert int(root.get("tests")) == len(list(root.iter("testcase"))) > 0


def test_junit_skips_what_is_suppressed_or_told_with_a_fault_and_says_why() -> None:
    found = cases(made.errors())
    suppressed = found["inv-000c email has a value in every row"].find("skipped")
    assert suppressed.get("message").endswith("Suppressed: supplier is mending it (dana, until 2025-04-01).")
    told = found["inv-000b weight is between 0.01 and 40 kg"].find("skipped")
    assert told.get("message").startswith("Told with fault-unit_change-weight: 1,240 of 5,000 rows")
    assert "1,240 of 5,000" in found["fault-unit_change-weight"].find("failure").get("message")


def test_a_warning_is_told_in_junit_and_fails_nothing() -> None:
    case = cases(made.warnings())["dist-0002 tier is spread as it was learned"]
    assert [part.tag for part in case] == ["system-out"]
    assert "from 21 % to 8.8 %" in case[0].text


# SARIF


@pytest.mark.parametrize("name", SAMPLES)
def test_sarif_follows_the_schema_of_the_standard(name: str, oasis: jsonschema.Draft4Validator) -> None:
    log = json.loads(to_sarif(SAMPLES[name]()))
    assert not [e.message for e in oasis.iter_errors(log)]
    log["runs"][0]["unheard"] = "of"
    assert list(oasis.iter_errors(log))


def test_each_result_points_at_the_line_of_its_claim_and_of_its_rule() -> None:
    log = json.loads(to_sarif(made.errors()))["runs"][0]
    place = {r["ruleId"]: r["locations"][0]["physicalLocation"] for r in log["results"]}
    assert place["inv-0009"] == {"artifactLocation": {"uri": "data/claims.yml"}, "region": {"startLine": 101}}
    assert place["fault-unit_change-weight"]["region"] == {"startLine": 12}
    for result in log["results"]:
        assert log["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    assert "inv-000b" not in place, "the fault tells it"


def test_an_alert_stays_the_same_when_its_claim_moves_to_another_line() -> None:
    review = made.errors()
    moved = review.model_copy(
        update={"checks": tuple(c.model_copy(update={"line": c.line + 7}) for c in review.checks)}
    )
    one, two = (
        {r["ruleId"]: r["partialFingerprints"]["primaryLocationLineHash"] for r in results(x)} for x in (review, moved)
    )
    assert one == two
    assert len(set(one.values())) == len(one)


def test_sarif_says_what_is_new_what_is_as_before_and_what_is_suppressed() -> None:
    found = {r["ruleId"]: r for r in results(made.errors())}
    assert found["inv-0009"]["baselineState"] == "new"
    assert found["fin-0002"]["baselineState"] == "updated"
    assert found["inv-000c"]["baselineState"] == "unchanged"
    assert "baselineState" not in found["fault-unit_change-weight"], "nobody knows whether it was there before"
    assert found["inv-000c"]["suppressions"][0]["justification"] == "supplier is mending it (dana, until 2025-04-01)"
    assert [r for r, x in found.items() if "suppressions" in x] == ["inv-000c"]


def test_no_text_of_the_data_is_a_link_in_sarif() -> None:
    assert "](" in NASTY
    for result in results(made.hostile(NASTY)):
        assert "](" not in result["message"]["text"]


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("claims.yml", "claims.yml"), ("./a b/claims#1.yml", "a%20b/claims%231.yml"),
        ("/srv/claims.yml", "file:///srv/claims.yml"), ("x:y.yml", "x%3Ay.yml"), ("", "claims.yml"),
    ],
)  # fmt: skip
def test_the_claims_file_is_a_uri_reference(path: str, uri: str) -> None:
    review = made.errors()
    review = review.model_copy(update={"claims": review.claims.model_copy(update={"path": path})})
    assert results(review)[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


def test_a_log_of_a_delivery_that_was_not_judged_says_so() -> None:
    run = json.loads(to_sarif(made.unreadable()))["runs"][0]
    assert run["invocations"][0]["executionSuccessful"] is False
    assert run["invocations"][0]["exitCode"] == 3
    assert "the gzip ends early" in run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]


# GitHub


def obeyed(text: str) -> list[tuple[str, dict[str, str], str]]:
    """What GitHub's runner reads: command, properties and message of every line, unescaped as it does."""

    def back(value: str) -> str:
        for code, sign in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
            value = value.replace(code, sign)
        return value

    out = []
    for line in text.splitlines():
        found = re.fullmatch(r"::(\w+) ([^:]*)::(.*)", line)
        assert found is not None, line
        told = dict(part.split("=", 1) for part in found[2].split(","))
        out.append((found[1], {k: back(v) for k, v in told.items()}, back(found[3])))
    return out


def test_annotations_are_worst_first_at_the_lines_of_their_claims() -> None:
    found = obeyed(annotations(made.errors()))
    assert [name for name, _, _ in found] == ["error"] * 3 + ["warning"] * 2, "what informs is no annotation"
    _, place, message = found[1]
    assert place == {"file": "data/claims.yml", "line": "101", "title": "Broken: price is never negative"}
    assert message.startswith("12 of 5,000 rows have a negative price, none may. Rows 17, 204,")
    assert annotations(made.clean()) == ""


def test_no_more_than_nine_annotations_are_written_and_the_rest_is_counted() -> None:
    rules = [made.invariant(n, "broken", f"`c{n}` is never negative.", "It is.", rows=1) for n in range(30)]
    found = obeyed(annotations(made.review(rules)))
    assert [name for name, _, _ in found] == ["error"] * MOST + ["notice"]
    assert found[-1][2].startswith("and 21 more")
    assert MOST == 9


def test_what_a_small_delivery_cannot_decide_is_neither_an_annotation_nor_an_alert() -> None:
    small = made.finding(7, "undecidable", "`a` rises with `b`.", "Only 12 usable rows.", level="info")
    review = made.review([*made.holding(), small])
    assert annotations(review) == ""
    assert results(review) == []
    lost = made.invariant(10, "undecidable", "`discount` is there.", "There is no column `discount`.")
    review = made.review([*made.holding(), small, lost])
    assert [name for name, _, _ in obeyed(annotations(review))] == ["warning"]
    assert [r["ruleId"] for r in results(review)] == ["inv-000a"]


def test_a_delivery_that_could_not_be_judged_is_an_error_annotation() -> None:
    [(name, _, message)] = obeyed(annotations(made.unreadable()))
    assert name == "error"
    assert "the gzip ends early" in message
    assert obeyed(annotations(made.nothing_decided()))[0][0] == "error"


def test_no_value_of_the_data_is_a_command_or_a_property_of_github() -> None:
    lines = annotations(made.hostile(NASTY)).splitlines()
    assert len(lines) == len(obeyed("\n".join(lines))) == 5
    for _, told, _ in obeyed("\n".join(lines)):
        assert set(told) == {"file", "line", "title"}
        assert "a%b,c:d" in told["title"] or "spread" in told["title"]


def test_the_step_summary_of_very_many_claims_stays_within_its_mebibyte() -> None:
    rules = [made.invariant(n, "broken", "`x` " + "long " * 100, "much " * 100, rows=1) for n in range(1500)]
    text = step_summary(made.review(rules))
    assert 10_000 < len(text.encode()) <= 2**20
    assert "Exit code 1" in text.splitlines()[-1]
    assert "1,460 more in the report" in text


# Files and what they must not show


def test_a_saved_review_is_five_files_with_the_page_first(tmp_path: Path) -> None:
    files = save(made.warnings(), tmp_path / "new" / "folder")
    assert (
        [f.name for f in files] == ["review.html", "review.md", "review.json", "junit.xml", "review.sarif"] == [*NAMES]
    )
    assert json.loads(files[2].read_text("utf-8"))["schema_version"] == 1
    again = save(made.warnings(), tmp_path / "again")
    assert [f.read_bytes() for f in files] == [f.read_bytes() for f in again]
    save(made.hostile(NASTY), tmp_path / "hostile")


def test_a_folder_that_cannot_be_made_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(UsageError, match=r"The review cannot be written to .*taken"):
        save(made.clean(), tmp_path / "taken")


def test_what_is_sent_uploaded_or_logged_shows_no_cell() -> None:
    from heldout.agent.review.report.html import to_html
    from heldout.agent.review.report.markdown import to_markdown
    from heldout.agent.review.report.terminal import to_terminal

    review = made.errors()
    cells = ("-12.40", "-3.99", "1250.0", "12,5")
    for text in (to_terminal(review), to_markdown(review), to_junit(review), to_sarif(review), annotations(review)):
        assert not [c for c in cells if c in text]
    page = to_html(review)
    assert all(c in page for c in ("-12.40", "-3.99", "12,5")), "the page stays where the data are"
