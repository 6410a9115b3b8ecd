"""The Markdown report passes no markup of the data on, and its tables stay tables."""

import re

import pytest

from heldout.agent.report.explanation import Explanation
from heldout.agent.report.markdown import escaped, named
from tests import sample_result as made

BAD = (
    "<script>x</script>", "<img src=//h/i>", "![i](//h/i)", "[l](javascript:x)", "a | b", "`code`", "``", "# head",
    "*b* _i_ ~~s~~", "\\`esc\\`", "http://h.example/x", "www.h.example", "&lt;b&gt;", "$x^2$", "a@b.example",
    "line\n\n# forged\n- item", "]: //h", "<!-- x", "`<b>`", "a`b|c",
)  # fmt: skip


def rendered(text: str) -> str:
    """The text as a reader of GitHub-flavoured Markdown that lets raw HTML through shows it."""
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": True}).enable("table").enable("strikethrough").render(text)


def tags(page: str) -> set[str]:
    return set(re.findall(r"<\s*([a-zA-Z!][\w-]*)", page))


@pytest.mark.parametrize("text", BAD)
def test_escaped_text_is_shown_letter_by_letter(text: str) -> None:
    import html

    page = rendered(f"x {escaped(text)} y")
    assert tags(page) == {"p"}
    assert html.unescape(re.sub(r"</?p>", "", page)).strip() == f"x {' '.join(text.split())} y"


@pytest.mark.parametrize("text", BAD)
def test_a_sentence_with_hostile_names_yields_text_and_code_alone(text: str) -> None:
    assert tags(rendered(f"x {named(f'`{text}` is higher when `y` is {text}')} y")) <= {"p", "code"}


@pytest.mark.parametrize("text", BAD)
def test_a_hostile_cell_stays_one_cell(text: str) -> None:
    page = rendered(f"| a | b |\n| --- | --- |\n| {named(f'`{text}` is', cell=True)} | {escaped(text)} |")
    assert page.count("<td>") == 2
    assert tags(page) <= {"table", "thead", "tbody", "tr", "th", "td", "code"}


def test_a_whole_report_of_hostile_data_holds_only_its_own_markup() -> None:
    every = " ".join(BAD)
    found = made.findings()
    for at, finding in enumerate(found):
        bad = BAD[at % len(BAD)]
        finding["claim"] = f"`{bad}` is higher when `x` is {every}"
        finding["sentence"] = f"{finding['claim']}: 3 against 2 {bad}."
        finding["reason"], finding["warnings"] = every, (every,)
        finding["held_out"] |= {"test": every, "n_per_group": {bad: 3}}
    columns = [c | {"name": BAD[i], "role": BAD[-i - 1]} for i, c in enumerate(made.columns())]
    notes = [{"kind": "warning", "column": None, "text": bad} for bad in BAD]
    dataset = made.data()["dataset"] | {"name": every, "columns": columns, "notes": notes}
    structure = [{"kind": "key", "columns": ["a"], "text": bad} for bad in BAD]
    leads = [made.data()["leads"][0] | {"a": bad, "b": every} for bad in BAD]
    shown = made.sample(findings=found, dataset=dataset, structure=structure, leads=leads, message=every)
    page = rendered(Explanation(shown).to_markdown())
    own = {"h1", "h2", "h3", "p", "strong", "code", "ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td"}
    assert tags(page) <= own
    assert page.count("<h1>") == 1
    assert "forged" not in "".join(re.findall(r"<h\d>(.*?)</h\d>", page)[1:])


def test_the_plain_report_renders_with_every_finding_under_its_heading() -> None:
    page = rendered(Explanation(made.sample()).to_markdown())
    headings = re.findall(r"<h2>(.*?)</h2>", page)
    assert headings[:5] == [
        "What held up", "Also verified", "Looked at and not supported", "Could not be decided", "Not testable",
    ]  # fmt: skip
    assert page.count("Hypothesis id: ") == 12
    assert (
        "<strong><code>body_mass</code> is higher when <code>species</code> is Gentoo than otherwise.</strong>" in page
    )
