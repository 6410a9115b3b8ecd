"""The lists of the first screen: claims that can be read to their end, reasons, and where the rest is found."""

from pathlib import Path
from typing import Any

from heldout.agent.report import words
from heldout.agent.report.explanation import Explanation
from heldout.agent.report.tables import segments_table
from heldout.agent.report.terminal import to_terminal
from tests import sample_result as made

LONG = "`body_mass` is higher when `species` is Gentoo or Chinstrap than when it is Adelie among birds of the last year"


def flat(text: str) -> str:
    return " ".join(text.split())


def one(outcome: str, **changes: Any) -> list[dict[str, Any]]:
    first = next(f for f in made.findings() if f["outcome"] == outcome)
    return [first | {"headline": False} | changes]


def screen(findings: list[dict[str, Any]], **more: Any) -> str:
    return Explanation(made.sample(findings=findings)).to_terminal(80, **more)


def test_a_long_claim_is_told_to_its_end_where_there_is_room() -> None:
    text = flat(screen(one("inconclusive", claim=LONG)))
    assert LONG.replace("`", "") in text


def test_what_is_not_testable_says_why() -> None:
    found = one("untestable")
    assert found[0]["reason"].replace("`", "") in flat(screen(found))


def test_what_the_other_columns_do_follows_the_claim_in_brackets() -> None:
    adjustment = {"tag": "attenuated", "phrase": "shrinks with `year` held fixed and is no longer shown"}
    found = one("verified", adjustment=adjustment)
    head = found[0]["sentence"].split(": ")[0].replace("`", "")
    assert f"{head} (shrinks with year held fixed" in flat(screen(found))


def stated(finding: dict[str, Any], text: str) -> str:
    asked = {
        "text": text, "understood": finding["claim"], "finding": finding["id"], "state": "tested",
        "outcome": finding["outcome"],
    }  # fmt: skip
    return flat(Explanation(made.sample(findings=[finding], asked=(asked,))).to_terminal(80))


def test_a_stated_claim_that_shrinks_names_the_column() -> None:
    adjustment = {"tag": "attenuated", "phrase": "shrinks with `year` held fixed and is no longer shown"}
    [found] = one("verified", adjustment=adjustment)
    assert "Shrinks with year held fixed and is no longer shown." in stated(found, "gentoos are heavy")


def test_a_stated_claim_is_not_said_again_behind_its_verdict_and_one_in_other_words_is() -> None:
    [found] = one("inconclusive")
    claim = found["claim"].replace("`", "")
    again = stated(found, found["claim"])
    assert again.count(claim) == 1
    assert "Inconclusive. " in again
    other = stated(found, "whatever the user called it")
    assert f"Inconclusive: {claim}." in other


def test_the_rest_of_a_list_is_sought_in_the_page_that_was_written_else_in_one_that_could_be() -> None:
    first = one("inconclusive")[0]
    many = [first | {"id": f"{i:012x}", "rank": i} for i in range(1, 12)]
    assert "and 6 more: --out FOLDER writes them all" in screen(many)
    written = screen(many, files=(Path("out/report.json"), Path("out/report.html")))
    assert "and 6 more: all in report.html" in written
    assert "--out" not in written


def segment(share: float, low: float, high: float) -> dict[str, Any]:
    typical = [{"column": "temp", "level": None, "inside": low, "elsewhere": high}]
    return {"share": share, "rule": f"rule {share}", "terms": [], "typical": typical, "agreement": 1.0}


def test_of_two_segments_that_share_all_rows_the_larger_is_told() -> None:
    two = (segment(0.4, 11.0, 22.0), segment(0.6, 22.0, 11.0))
    assert [s.rule for s in segments_table(made.sample(segments=two))] == ["rule 0.6"]
    apart = (segment(0.4, 11.0, 22.0), segment(0.3, 22.0, 11.0))
    assert len(segments_table(made.sample(segments=apart))) == 2


def test_a_single_hypothesis_that_fails_is_not_counted() -> None:
    counts = made.data()["counts"] | dict.fromkeys(("verified", "inconclusive", "untestable"), 0)
    result = made.sample(findings=one("refuted"), counts=counts | {"refuted": 1, "committed": 1})
    text = flat(Explanation(result).to_terminal(80))
    assert "none of 1" not in text
    assert "The hypothesis was not verified" in text


def test_rows_that_would_decide_a_claim_on_stores_must_lie_in_more_stores() -> None:
    found = one("inconclusive")[0]
    assert "about 3,460 rows." in words.undecided_line(made.sample(findings=[found]).findings[0])
    held = found["held_out"] | {"n": 346, "clusters": 60}
    stores = found | {"held_out": held, "hypothesis": found["hypothesis"] | {"unit": {"column": "store"}}}
    text = words.undecided_line(made.sample(findings=[stores]).findings[0])
    assert "about 3,460 rows in 600 values of `store`." in text


def test_a_finding_on_the_first_screen_that_may_not_matter_says_so_too() -> None:
    assert "May be too small to matter." in screen(one("verified", headline=True, size="uncertain"))
    assert "too small to matter" not in screen(one("verified", headline=True, size="material"))


def test_no_figure_is_cut_where_names_are_wide() -> None:
    found = made.findings()
    said = "`评论`提到天气的比例随`评分`下降而且很明显" * 3
    said += ": +46.7 points (95.8\u00a0% interval 37.5 to 55.9; n = 120)."
    found[0] |= {"sentence": said}
    for width in (60, 80, 100):
        text = to_terminal(made.sample(findings=found), width=width)
        assert "…" not in text.split("Also verified")[0]
        assert "95.8" in text
