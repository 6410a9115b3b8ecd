"""What a report tells of texts: facts, themes, a map without a script, and documents that nothing of can run."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from markupsafe import escape

from heldout.agent.quoting import without_quotes
from heldout.agent.report import corpus
from heldout.agent.report.explanation import Explanation
from heldout.agent.report.html import to_html
from heldout.agent.report.markdown import to_markdown
from heldout.agent.report.page import content_policy
from heldout.agent.report.result import Result
from heldout.agent.report.terminal import to_terminal
from heldout.agent.report.theme_map import MOST, map_of
from heldout.tools.text.properties import Ending, Mentions, Property, TextProperty
from heldout.tools.text.quotes import LONGEST, document_id, explain
from heldout.tools.text.summary import Point, Quote, TextSummary, Theme, Themes
from tests import sample_result as made
from tests.test_report_browser import CHROMIUM, Site, payloads, rendered, title

MODEL = "0123456789ab"
UNSTABLE = "No themes: none was found again when a part of the documents was left out."


def quote(text: str, *marks: tuple[int, int]) -> Quote:
    return Quote(document=document_id(text), text=text, marks=marks)


def told(say: str = "late parcel again", themes: int = 3, points: int = 40) -> TextSummary:
    own = [
        Theme(
            id=f"k{at}", terms=(f"term{at}", say, "more", f"fourth{at}"), documents=90 - at, share=0.3, agreement=0.8,
            typical=(quote(say, (0, 4)),), phrases=(say,),
        )
        for at in range(themes)
    ]  # fmt: skip
    parts = [Theme(id="k0.1", parent="k0", terms=("part",), documents=12, share=0.04)] if themes else []
    drawn = tuple(
        Point(x=float(at), y=float(at % 5), theme=f"k{at % 4}" if at % 4 < themes else None, quote=quote(say))
        for at in range(points)
    )
    return TextSummary(
        column="ticket", documents=300, missing=4, words=(9.0, 14.0, 1021.0), languages=(("en", 0.97), ("xx", 0.02)),
        near_duplicates=1, boilerplate=(say,), terms=("parcel", say), map=drawn,
        themes=Themes(model=MODEL, themes=tuple(own + parts), agreement=0.83, unassigned=0.11),
    )  # fmt: skip


def on_theme(found: dict[str, Any], theme: str, say: str, **more: Any) -> dict[str, Any]:
    own = {"kind": "theme", "theme": theme, "model": MODEL}
    hypothesis = {
        "outcome": "about it", "predictor": "team",
        "texts": [{"name": "about it", "column": "ticket", "property": own}],
    }  # fmt: skip
    examples = [
        {"property": "about it", "holds": holds, "quote": quote(say, (0, 4)).as_json(), "beside": ("team", say)}
        for holds in (True, True, False)
    ]
    return found | {"hypothesis": found["hypothesis"] | hypothesis, "examples": examples} | more


def sample(say: str = "late parcel again", **more: Any) -> Result:
    found = made.findings()
    assert [f["outcome"] for f in found[:2]] == ["verified", "verified"]
    found[0] = on_theme(found[0], "k0", say)
    found[1] = on_theme(found[1], "k1", say, family="trend")
    found[1]["hypothesis"] |= {"family": "trend", "direction": "rising"}
    return made.sample(findings=found, text=[told(say)], **more)


# --- Words


def test_the_facts_are_told_and_what_is_not_known_is_left_out() -> None:
    assert corpus.facts_lines(told()) == (
        "296 documents in `ticket` were read, 4 cells without one.",
        "Half of them have 9 to 1,021 words, the median is 14.",
        "Language: English 97 %, xx 2 %.", "1 document nearly repeats an earlier one.",
        "Frequent words: parcel, late parcel again.", "Many share word for word: “late parcel again”.",
    )  # fmt: skip
    bare = TextSummary(column="a", documents=1, missing=0, themes=Themes(reason="no stable themes"))
    assert corpus.facts_lines(bare) == ("1 document in `a` was read.",)
    assert corpus.themes_line(bare) == UNSTABLE


def test_a_shared_phrase_of_a_script_without_spaces_is_told_without_them() -> None:
    text = TextSummary(column="a", documents=9, missing=0, boilerplate=("我 们 周 末 入 住", "sent by usb 电 缆"))
    assert corpus.facts_lines(text)[-1] == "Many share word for word: “我们周末入住”; “sent by usb 电缆”."


@pytest.mark.parametrize(
    ("documents", "words", "said"),
    [
        (1, (300.0, 300.0, 300.0), "It has 300 words."),
        (1, (1.0, 1.0, 1.0), "It has 1 word."),
        (9, (1.0, 1.0, 1.0), "Half of them or more have 1 word."),
        (9, (14.6, 15.0, 15.2), "Half of them or more have 15 words."),
    ],
)
def test_a_length_that_most_documents_share_is_told_without_a_range(
    documents: int, words: tuple[float, float, float], said: str
) -> None:
    text = TextSummary(column="a", documents=documents, missing=0, words=words, languages=(("und", 1.0),))
    were = "1 document in `a` was read." if documents == 1 else "9 documents in `a` were read."
    assert corpus.facts_lines(text) == (were, said, "Language: not recognised 100 %.")


def test_themes_come_by_size_with_their_parts_below_and_the_findings_that_speak_of_them() -> None:
    rows = corpus.theme_rows(sample(), 0)
    assert [(r.anchor, r.part, r.tone) for r in rows] == [
        ("theme-0-0", False, "t0"), ("theme-0-0-0", True, "t0"), ("theme-0-1", False, "t1"), ("theme-0-2", False, "t2"),
    ]  # fmt: skip
    assert rows[0].label == "term0, late parcel again, more"
    assert rows[0].terms == "fourth0"
    ids = [f.id for f in sample().findings[:2]]
    assert [link.finding for link in rows[0].found] == ids[:1]
    assert rows[0].trend is None
    assert rows[2].trend == corpus.Link(ids[1], "rises")
    assert rows[3].found == ()


def test_the_table_of_themes_says_what_its_figures_are_of() -> None:
    note = "Share: of all 296 documents, of a part (indented) too; a theme holds documents of no part as well."
    assert corpus.themes_note(told()).startswith(note)
    assert "Agreement: how much" in corpus.themes_note(told())
    for page in (to_html(sample()), to_markdown(sample())):
        assert "of all 296 documents" in page
    assert corpus.themes_note(told(themes=0)) == ""


def test_what_a_star_means_is_said_where_a_claim_has_one() -> None:
    assert corpus.star_line(sample()) == ""
    found = made.findings()
    mentions = {"kind": "mentions", "terms": ["late flight*", "delay*"]}
    found[0]["hypothesis"] |= {"texts": [{"name": "m", "column": "ticket", "property": mentions}]}
    result = made.sample(findings=found, text=[told()])
    assert corpus.star_line(result) == "delay* stands for every word that begins with delay."
    for page in (to_html(result), to_markdown(result).replace("\\", ""), to_terminal(result)):
        assert "delay* stands for every word" in page


def test_a_finding_on_a_theme_of_another_model_is_none_of_this_theme() -> None:
    result = sample()
    other = result.text[0].model_copy(update={"themes": result.text[0].themes.model_copy(update={"model": "f" * 12})})
    assert not [r for r in corpus.theme_rows(result.model_copy(update={"text": (other,)}), 0) if r.found]


def test_a_quote_is_cut_at_its_marks_and_hides_nothing() -> None:
    found = corpus.pieces(quote("a late\u202e par\u200bcel\x07", (2, 6)))
    assert found == (corpus.Piece(False, "a "), corpus.Piece(True, "late"), corpus.Piece(False, "� par�cel�"))


# --- Quotes


@pytest.mark.parametrize(
    ("prop", "text", "marked"),
    [
        (Mentions(terms=("late", "delay*")), "Late again:\n the DELAYED flight, not latest", ["Late", "DELAYED"]),
        (Mentions(terms=("still waiting",)), "I am  still\twaiting, still", ["still waiting"]),
        (Mentions(terms=("wait* for",)), "waiting for it", ["waiting for"]),
        (Mentions(terms=("不",)), "我不知道", ["不"]),
        (Mentions(terms=("<link>",)), "see https://x.org/a now", ["https://x.org/a"]),
        (Mentions(terms=("don't",)), "I don’t know", ["don’t"]),
        (Ending(of=("ow",)), "do it now!", ["now"]),
        (Ending(of=("ow",)), "now do it", []),
    ],
)
def test_the_words_that_carry_a_property_are_marked(prop: Property, text: str, marked: list[str]) -> None:
    found = explain(TextProperty(name="p", column="c", property=prop), text)
    assert [found.text[a:b] for a, b in found.marks] == marked
    assert found.document == document_id(text)


@pytest.mark.parametrize("at", [0, 5, 40, 400, 799])
def test_a_long_document_is_cut_around_what_is_marked(at: int) -> None:
    words = [f"w{n}" for n in range(800)]
    words[at] = "delayed"
    found = explain(TextProperty(name="p", column="c", property=Mentions(terms=("delay*",))), " ".join(words))
    assert len(found.text) <= LONGEST
    assert [found.text[a:b] for a, b in found.marks] == ["delayed"]
    assert found.text.strip("…") in " ".join(words)


# --- The map


def test_the_map_draws_every_point_inside_its_frame_and_no_more_than_a_page_can_hold() -> None:
    drawn = map_of(told(points=3 * MOST), 0)
    assert drawn is not None
    assert drawn.drawn == MOST
    dots = [d for g in drawn.groups for d in g.dots]
    assert len(dots) == MOST
    assert all(0 < float(d.x) < drawn.width and 0 < float(d.y) < drawn.height for d in dots)
    assert {g.anchor for g in drawn.groups} == {"", "theme-0-0", "theme-0-1", "theme-0-2"}
    assert map_of(told(themes=0), 0) is None
    assert map_of(told(points=0), 0) is None


def test_every_point_and_name_of_the_map_leads_to_a_row_of_the_table() -> None:
    page = to_html(sample())
    assert "<script" not in page
    section = page[page.index('<section id="texts">') : page.index("</section>", page.index('<section id="texts">'))]
    targets = set(re.findall(r'href="#(theme-[\d-]+)"', section))
    assert targets == {"theme-0-0", "theme-0-1", "theme-0-2"}
    assert all(f'<tr id="{t}"' in section for t in targets)
    assert section.count("<circle") == 40
    assert "<title>term0, late parcel again: late parcel again</title>" in section
    for finding in re.findall(r'href="#(finding-\w+)"', section):
        assert f'id="{finding}"' in page
    assert "<mark>late</mark> parcel again" in section


def test_texts_without_themes_or_words_still_make_a_page() -> None:
    bare = TextSummary(column="ticket", documents=9, missing=0, themes=Themes(reason="no stable themes"))
    result = made.sample(text=[bare.as_json()])
    for text in (to_html(result), to_markdown(result), to_terminal(result, width=100)):
        assert UNSTABLE in re.sub(r"\s+", " ", text)


# --- Terminal and Markdown


def test_the_terminal_tells_the_themes_in_two_lines() -> None:
    text = re.sub(r"\s+", " ", to_terminal(sample(), width=100, color=False))
    assert "What the texts are about - 296 documents in ticket were read, 4 cells without one." in text


def test_markdown_shows_documents_letter_by_letter() -> None:
    say = "late [x](javascript:1) ![i](//h/i) <b>|*`"
    text = to_markdown(sample(say))
    assert "**late** \\[x\\](javascript:1) !\\[i\\](//h/i) \\<b\\>\\|\\*\\`" in text
    assert "With it: " in text
    assert "Without it: " in text
    assert not re.search(r"(?<!\\)<b", text)


# --- Quotes withheld


def test_without_quotes_terms_figures_and_the_map_are_left() -> None:
    [bare] = without_quotes([told("walrus")])
    assert "walrus" not in json.dumps([t.as_json() | {"terms": []} for t in bare.themes.themes])
    assert bare.boilerplate == ()
    assert {p.quote.text for p in bare.map} == {""}
    assert [t.terms for t in bare.themes.themes] == [t.terms for t in told("walrus").themes.themes]
    page = to_html(made.sample(text=[bare.as_json()]))
    assert page.count("<circle") == 40
    assert "typical document" not in page


# --- In a browser


@pytest.fixture
def site() -> Iterator[Site]:
    served = Site()
    yield served
    served.close()


in_a_browser = pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="Chromium is not installed")


@in_a_browser
def test_no_document_runs_or_fetches_anything_wherever_it_is_shown(site: Site, tmp_path: Path) -> None:
    bad = " ".join(payloads(site.host))
    site.pages["/report"] = Explanation(sample(bad)).to_html()
    dom = rendered(site, "/report", tmp_path)
    assert site.asked == []
    assert title(dom) == "penguins.csv – heldout report"
    assert "<script" not in dom
    assert dom.count("<circle") == 40
    assert "What the texts are about" in dom


@in_a_browser
def test_a_right_to_left_document_turns_nothing_beside_it(site: Site, tmp_path: Path) -> None:
    page = Explanation(sample("late \u202egnp.exe\u202c مرحبا")).to_html()
    assert "\u202e" not in page
    assert "مرحبا" in page
    site.pages["/report"] = page
    site.pages["/look"] = (
        "<!doctype html><title>none</title><iframe id=f src=/report width=900></iframe><script>onload=()=>{"
        "const q=f.contentDocument.querySelector('.quote');"
        "document.title=[getComputedStyle(q).unicodeBidi,q.dir,q.tagName].join()}</script>"
    )
    assert title(rendered(site, "/look", tmp_path)) == "isolate,auto,BDI"


@in_a_browser
def test_pointing_at_a_name_lifts_its_theme_without_a_script(site: Site, tmp_path: Path) -> None:
    """A browser without a screen may give a frame no focus: a class stands for the pointer in the page's rules."""
    html = Explanation(sample()).to_html()
    style = re.findall(r"<style>(.*?)</style>", html, re.S)[0]
    pointed = style.replace(":is(:hover, :focus-visible)", ".pointed")
    assert pointed != style
    html = html.replace(style, pointed).replace('class="key t1"', 'class="key t1 pointed"')
    site.pages["/report"] = html.replace(*(str(escape(content_policy(x))) for x in (style, pointed)))
    site.pages["/look"] = (
        "<!doctype html><title>none</title><iframe id=f src=/report width=900 height=900></iframe><script>onload=()=>{"
        "const d=f.contentDocument;setTimeout(()=>{document.title=[0,1,2].map(n=>getComputedStyle("
        "d.querySelector('.dots.t'+n)).opacity).join()},900)}</script>"
    )
    assert title(rendered(site, "/look", tmp_path)) == "0.1,1,0.1"


@in_a_browser
def test_a_page_with_texts_fits_a_phone(site: Site, tmp_path: Path) -> None:
    site.pages["/report"] = Explanation(sample("x" * 280)).to_html()
    site.pages["/phone"] = (
        "<!doctype html><title>none</title><iframe id=f width=390 height=800 src=/report style='border:0'></iframe>"
        "<script>onload=()=>{const d=f.contentDocument;d.querySelectorAll('details').forEach(x=>x.open=true);"
        "document.title=d.documentElement.scrollWidth}</script>"
    )
    assert int(title(rendered(site, "/phone", tmp_path))) <= 390
