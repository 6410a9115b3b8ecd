"""A review for people: the terminal, the page and Markdown say first what came of it, what is worst and what to do."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from heldout.agent.report.page import content_policy
from heldout.agent.review.report.alarms import alarms, suppressed
from heldout.agent.review.report.html import to_html
from heldout.agent.review.report.junit import to_junit
from heldout.agent.review.report.markdown import COMMENT, marker, to_markdown
from heldout.agent.review.report.sarif import to_sarif
from heldout.agent.review.report.terminal import LINES, no_command, to_terminal
from heldout.agent.review.report.words import accepting, change_text, first_rows, gate, headline
from tests import review_samples as made
from tests.test_report_browser import CHROMIUM, Site, payloads, rendered, site, title

__all__ = ["site"]  # a fixture
TAGS = {
    "a", "article", "b", "bdi", "body", "br", "code", "div", "figure", "footer", "h1", "h2", "h3", "head", "header",
    "html", "img", "li", "main", "meta", "ol", "p", "section", "span", "style", "table", "tbody", "td", "th", "thead",
    "title", "tr", "ul",
}  # fmt: skip
NASTY = "::error::x\x1b[31m\n::stop-commands::t ##vso[task.complete] @team #12 <b onclick=x>![i](//evil) `|` --> x"


def flat(text: str) -> str:
    return " ".join(text.split())


class Tags(HTMLParser):
    """Every tag of a page with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


# What counts, and in which order


def test_the_worst_comes_first_and_what_a_fault_explains_is_told_with_it() -> None:
    found = alarms(made.errors())
    assert [a.id for a in found] == [
        "fault-unit_change-weight", "inv-0009", "fin-0002", "dist-0002", "inv-000a", "inv-000d",
    ]  # fmt: skip
    assert found[0].explains == ("inv-000b",)
    assert [a.level for a in found] == ["error"] * 3 + ["warn"] * 2 + ["info"]


def test_what_a_suppressed_fault_explains_is_silent_with_it() -> None:
    quiet = made.UNIT.model_copy(update={"suppressed": made.TOLD, "level": "none"})
    review = made.errors().model_copy(update={"faults": (quiet,)})
    assert "inv-000b" not in [a.id for a in alarms(review)]
    assert [a.id for a in suppressed(review)] == ["fault-unit_change-weight", "inv-000c"]


def test_a_suppression_that_ran_out_counts_again_and_says_so() -> None:
    late = made.invariant(
        1, "broken", "`x` is there.", "3 are not.", rows=3, expired=True, suppressed=made.TOLD, owner="dana"
    )
    review = made.review([late])
    [alarm] = alarms(review)
    assert alarm.todo == "Its suppression has run out: settle it with dana, or suppress it again with a reason."
    assert suppressed(review) == ()
    assert "<failure" in to_junit(review)
    assert "suppressions" not in to_sarif(review)
    assert "supplier is mending it" not in to_html(review)


@pytest.mark.parametrize(
    ("since", "changed", "number", "said"),
    [
        (None, True, 9, "new in this delivery"), ("orders-0303.csv", True, 9, "new in this delivery"),
        (None, False, 1, "in the first delivery"), (None, False, 9, ""),
        ("orders-0217.csv", False, 9, "since orders-0217.csv"),
        ("orders-0217.csv", True, 9, "since orders-0217.csv, another state in this delivery"),
    ],
)  # fmt: skip
def test_since_when_is_told_as_far_as_it_is_known(since: str | None, changed: bool, number: int, said: str) -> None:
    review = made.review([made.invariant(1, "broken", "`x` is there.", "No.", since=since, changed=changed)])
    delivery = review.delivery.model_copy(update={"number": number}) if review.delivery else None
    [alarm] = alarms(review.model_copy(update={"delivery": delivery}))
    assert alarm.course == said


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("heldout rebaseline --claim a", ("If it is right:", "heldout rebaseline --claim a")),
        ("If so: heldout suppress a", ("If so:", "heldout suppress a")),
        ("Set `tolerance: 0.1` on line 4.", ("If it is right: Set `tolerance: 0.1` on line 4.", "")),
        ("heldout rebaseline `rm`", ("If it is right: heldout rebaseline `rm`", "")),
    ],
)
def test_a_command_to_accept_is_told_from_an_edit(text: str, parts: tuple[str, str]) -> None:
    assert accepting(text) == parts


@pytest.mark.parametrize(
    ("first", "rows", "said"),
    [
        ((), 9, ""), ((17,), 1, "Row 17."), ((17,), 3, "Rows 17 and 2 more."), ((1, 2), 2, "Rows 1 and 2."),
        ((1, 2, 3000), 1240, "Rows 1, 2, 3,000 and 1,237 more."),
    ],
)  # fmt: skip
def test_rows_are_named_and_the_rest_counted(first: tuple[int, ...], rows: int, said: str) -> None:
    assert first_rows(first, rows) == said


def test_an_exit_code_is_told_with_its_meaning() -> None:
    assert gate(made.errors()) == "Exit code 1: something that `--fail-on error` stops."
    assert gate(made.unreadable()) == "Exit code 3: nothing could be decided, which is no pass."
    assert gate(made.skipped()) == "Exit code 0: nothing was to be checked."


def test_what_came_of_it_is_one_line() -> None:
    said = {name: headline(f()) for name, f in made.ALL.items()}
    assert said["errors"] == "3 errors and 2 warnings in `orders-0303.csv`"
    assert said["clean"] == "`orders-0303.csv`: as it was learned, 7 claims hold"
    assert said["unreadable"] == "the delivery could not be read"


# The terminal


def test_the_terminal_begins_with_what_came_of_it_and_ends_with_the_exit_code() -> None:
    lines = to_terminal(made.errors(), width=100, color=False).splitlines()
    assert lines[0] == "ERRORS: 3 errors and 2 warnings in orders-0303.csv"
    assert lines[1].startswith("Do not load this delivery")
    assert lines[-1] == "Exit code 1: something that --fail-on error stops."
    text = flat("\n".join(lines))
    first = text.index("1. Fault in weight: the unit changed. From row 3,761 on, 1,240 of 5,000 rows give weight in g")
    do = text.index("Do: Ask the supplier of these rows for kg")
    assert first < do < text.index("2. Broken: price is never negative")


def test_a_claim_that_does_not_hold_is_never_printed_as_if_it_held() -> None:
    text = flat(to_terminal(made.errors(), width=200, color=False))
    assert "Broken: price is never negative. 12 of 5,000 rows" in text
    assert text.count("price is never negative") == text.count("Broken: price is never negative") == 1


def test_the_terminal_tells_suppressions_with_reason_owner_and_end() -> None:
    text = flat(to_terminal(made.errors(), width=100, color=False))
    assert "Suppressed: supplier is mending it (dana, until 2025-04-01)." in text


def test_a_calibrating_delivery_says_what_may_only_warn() -> None:
    text = flat(to_terminal(made.calibrating(), width=100, color=False))
    assert "It is 2 of 4 that calibrate: findings and distributions warn at most" in text
    assert "Spearman's rho .41 when learned, .22 now. new in this delivery · fin-0003" in text
    assert "rebaseline" not in text, "nothing is accepted while it calibrates"


@pytest.mark.parametrize("color", [False, True])
def test_no_line_of_the_terminal_is_a_command_to_the_runner_that_logs_it(color: bool) -> None:
    for width in range(40, 121, 8):
        text = to_terminal(made.hostile(NASTY), width=width, color=color)
        bare = re.sub(r"\x1b\[[0-9;]*m", "", text)
        assert not [line for line in bare.splitlines() if line.lstrip().startswith("::")]
        assert "##" not in text
        assert color or "\x1b" not in text


def test_what_is_no_command_stays_as_it_is() -> None:
    assert no_command("a::b\n a: b") == "a::b\n a: b"
    assert no_command("::error::x\n \x1b[1m::add-mask::x ##[x]") == ": :error::x\n \x1b[1m: :add-mask::x # #[x]"


def test_claims_that_are_undecided_for_one_reason_share_one_line_of_the_terminal() -> None:
    lost = [made.invariant(n, "undecidable", f"`x` is {n}.", "There is no column `x`.") for n in range(5)]
    other = made.invariant(9, "undecidable", "`y` is 1.", "There is no column `y`.")
    text = flat(to_terminal(made.review([*made.holding(), *lost, other]), width=100, color=False))
    assert "- 5 claims undecided: There is no column x. (inv-0000, inv-0001, inv-0002 and 2 more)" in text
    assert "- 1 claim undecided: There is no column y. (inv-0009)" in text


def test_since_when_is_not_said_twice_of_a_change() -> None:
    change = made.STORY[0]
    assert change_text(change).endswith(" Since `orders-0224.csv`.")
    said = change.model_copy(update={"text": "So since `orders-0224.csv`."})
    assert change_text(said) == "So since `orders-0224.csv`."


def test_very_many_errors_are_cut_short_in_the_terminal_and_counted() -> None:
    rules = [made.invariant(n, "broken", f"`c{n}` is never negative.", "It is.", rows=1) for n in range(300)]
    text = to_terminal(made.review(rules), width=100, color=False)
    assert text.count("\n") < LINES
    assert "1. Broken: c0 is never negative." in text
    told = len(re.findall(r"Broken: c\d+ is never negative\.", text))
    assert told >= 10
    assert f"and {300 - told} more" in text


def test_one_broken_table_stays_within_what_a_screen_and_a_half_hold() -> None:
    many = [c.model_copy(update={"id": f"{c.id}-{n}", "text": c.text * 4}) for n in range(9) for c in made.broken()]
    review = made.errors().model_copy(update={"checks": tuple(many), "changes": made.STORY * 4})
    text = to_terminal(review, width=100, color=False)
    assert text.count("\n") < LINES
    assert "1. Fault in weight: the unit changed. From row" in flat(text)
    assert re.search(r"\n[23]\. inv-0009-\d: Broken: price is never negative\.\n", text), "further ones in one line"
    assert text.splitlines()[-1] == "Exit code 1: something that --fail-on error stops."
    assert len(to_terminal(made.errors(), width=100, color=False).splitlines()) > 40, "what fits is told in full"


def test_what_is_suppressed_is_counted_once_and_never_denied() -> None:
    quiet = [c.model_copy(update={"suppressed": made.TOLD, "level": "none"}) for c in made.broken()[:3]]
    review = made.review([*made.holding(), *quiet], message="Nothing is broken: 7 claims hold.")
    for text in (to_terminal(review, width=100, color=False), to_markdown(review), to_html(review)):
        assert "nothing that counts is broken, 7 claims hold" in flat(text)
        assert "Not counted, since suppressed: 3 claims that do not hold." in flat(text)
        assert "Of 10 claims: 7 hold, 3 suppressed." in flat(text)
    whole = to_terminal(made.errors(), width=200, color=False)
    assert "Of 14 claims: 7 hold, 1 on watch, 4 broken, 1 undecided, 1 suppressed; 1 fault." in whole


def test_a_suppressed_fault_silences_what_it_explains_in_the_counts_too() -> None:
    fault = made.UNIT.model_copy(update={"suppressed": made.TOLD, "level": "none"})
    review = made.review([*made.holding(), made.broken()[4]], faults=(fault,))
    text = to_terminal(review, width=200, color=False)
    assert "Of 8 claims: 7 hold, 1 suppressed; 1 fault suppressed." in text
    assert "Not counted, since suppressed: 1 fault." in text


# The page


def test_the_page_says_first_what_came_of_it_then_the_worst_then_the_story_then_every_claim() -> None:
    page = to_html(made.errors())
    marks = [
        '<p class="badge refuted">Errors</p><p>3 errors and 2 warnings</p>', "Do not load this delivery",
        "Fault in <code>weight</code>: the unit changed.", "Ask the supplier of these rows", "What is different",
        "Suppressed, not counted", "All claims", "rows of <code>orders.csv</code>",
    ]  # fmt: skip
    places = [page.index(mark) for mark in marks]
    assert places == sorted(places)
    assert page.count('<tr id="claim-') == len(made.errors().checks)


def test_a_picture_that_an_alarm_shows_is_not_drawn_again_in_the_story() -> None:
    assert to_html(made.errors()).count("<img ") == 3
    assert to_html(made.warnings()).count("<img ") == 1


def test_undecided_claims_share_one_card() -> None:
    page = to_html(made.nothing_decided())
    assert page.count('class="card"') == 1
    assert "3 claims could not be decided" in page


def test_no_value_of_the_data_is_markup_on_the_page() -> None:
    page = to_html(made.hostile(NASTY))
    seen = Tags(page).seen
    assert {tag for tag, _ in seen} <= TAGS
    for _, told in seen:
        assert not [name for name in told if name.startswith("on")]
        assert (told.get("src") or "data:image/svg+xml").startswith("data:image/svg+xml")
        assert (told.get("href") or "#").startswith("#")
    style = re.findall(r"<style>(.*?)</style>", page, flags=re.S)
    assert [told["content"] for _, told in seen if told.get("http-equiv")] == [content_policy(style[0])]


@pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="Chromium is not installed")
def test_in_chromium_no_value_of_the_data_runs_or_fetches_anything(site: Site, tmp_path: Path) -> None:
    site.pages["/review"] = to_html(made.hostile(" ".join(payloads(site.host))))
    dom = rendered(site, "/review", tmp_path)
    assert site.asked == []
    assert title(dom).startswith("Errors: <script>document.title='RAN'")
    assert "<script" not in dom
    assert "What is different" in dom


@pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="Chromium is not installed")
@pytest.mark.parametrize("width", [400, 1100])
def test_in_chromium_nothing_of_the_page_is_cut_off_at_its_right_and_a_command_is_whole(
    site: Site, tmp_path: Path, width: int
) -> None:
    claim = made.broken()[1].model_copy(
        update={"accept": f"heldout rebaseline --claims {'a/deep/folder/' * 6}c.yml --claim x"}
    )
    site.pages["/review"] = to_html(made.review([claim, *made.holding()]))
    measure = (
        "const page = document.querySelector('iframe').contentDocument; const cut = "
        "[...page.querySelectorAll('*')].filter(e => !e.closest('thead') && e.clientWidth)"
        ".filter(e => e.scrollWidth > e.clientWidth + 1);"
        "document.title = page.querySelectorAll('.command').length + ' ' + cut.map(e => e.className || e.tagName);"
    )
    frame = f"<iframe src='/review' style='width:{width}px;height:3000px' onload=\"{measure}\"></iframe>"
    site.pages["/frame"] = f"<!doctype html><title></title>{frame}"
    assert title(rendered(site, "/frame", tmp_path)).strip() == "1"


# Markdown


def test_the_comment_begins_with_what_came_of_it_the_worst_and_what_to_do() -> None:
    lines = [line for line in to_markdown(made.errors()).splitlines() if line]
    assert lines[:3] == [
        "<!-- heldout review: orders.csv -->", "## Errors: 3 errors and 2 warnings in `orders-0303.csv`",
        "**Do not load this delivery: `weight` is in g in a quarter of its rows and 12 prices are negative. Ask the "
        "supplier first.**",
    ]  # fmt: skip
    assert lines[4] == "### Errors: 3"
    assert lines[5].startswith("1. **Fault in `weight`: the unit changed.** From row 3,761 on, 1,240 of 5,000 rows")
    assert lines[6].strip() == "**Do:** Ask the supplier of these rows for kg, or divide rows 3,761 to 5,000 by 1,000."


def test_the_comment_is_found_again_whatever_the_delivery() -> None:
    assert marker(made.errors()) == marker(made.unreadable())
    assert marker(made.hostile("--> <b>")) == "<!-- heldout review: b -->"


def test_no_value_of_the_data_is_markup_or_calls_a_person_in_the_comment() -> None:
    text = to_markdown(made.hostile(NASTY))
    outside = re.sub(r"`[^`\n]*`", "", text)
    for bad in ("<b", "](", "![", "@team", "#12", "\\@", "\\#"):
        assert not re.search(rf"(?<!\\){re.escape(bad)}", outside), bad
    assert set(re.findall(r"<[^>\\]*>", outside)) <= {
        "<!-- heldout review: error-x-31m-stop-commands-t-vso-task.complete-team-12-b-onclick-x-i-evil-x -->",
        "<!-- -->", "<details>", "<summary>", "</summary>", "</details>",
    }  # fmt: skip


@pytest.mark.parametrize("many", [60, 400])
def test_a_comment_on_very_many_claims_stays_within_what_github_takes(many: int) -> None:
    rules = [made.invariant(n, "broken", "`x` " + "long " * 60, "much " * 90, rows=1) for n in range(many)]
    text = to_markdown(made.review(rules))
    assert 2_000 < len(text.encode()) <= COMMENT
    assert text.rstrip().endswith("Exit code 1: something that `--fail-on error` stops.")
    assert re.search(r"and [\d,]+ more in the report", text)


def test_what_is_undecided_is_told_as_no_pass_everywhere() -> None:
    for name in ("unreadable", "nothing_decided"):
        for text in (
            to_terminal(made.ALL[name](), color=False),
            to_markdown(made.ALL[name]()),
            to_html(made.ALL[name]()),
        ):
            assert "which is no pass" in text
