"""In one start of Chromium: scripts in every place of a real file, of claims and of questions; nothing runs or fetches.

Beside `test_report_browser`, which puts them into every field of a report made by hand: here they come in as a file's
name, a sheet's, a column's, a level or a cell, and go the whole way to the pages.
"""

import html
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import heldout
from heldout.agent.answer_fields import Answered, Beside, ClaimAnswer, Shown
from heldout.agent.answer_html import to_html
from heldout.agent.facts import Table
from heldout.agent.question import Way
from heldout.agent.questions import inquiry
from heldout.agent.review.claims_yaml import read_claims
from heldout.agent.review.suppress import suppress
from heldout.agent.usage import ModelUsage
from tests.test_report_browser import CHROMIUM, Site, payloads, rendered, title

pytestmark = pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="Chromium is not installed")
FILE = "<img src=x onerror=\"document.title='RAN'\">"
SHEET = "<svg onload=document.title=8>"
LOOK = """<!doctype html><title>none</title>FRAMES<script>
onload = () => setTimeout(() => {
  const seen = {};
  for (const f of document.querySelectorAll('iframe')) {
    const d = f.contentDocument, all = d ? [...d.querySelectorAll('*')] : [];
    d?.querySelectorAll('details').forEach(x => x.open = true);
    seen[f.id] = d ? {
      title: d.title, place: d.location.pathname, size: all.length,
      scripts: all.filter(e => e.localName == 'script').length,
      handlers: all.filter(e => [...e.attributes].some(a => a.name.startsWith('on'))).length,
      outside: all.filter(e => ['src', 'href', 'data', 'action', 'srcdoc', 'xlink:href'].some(a => e.hasAttribute(a)
        && !/^(data:image\\/svg|#)/.test(e.getAttribute(a)))).length,
    } : {title: 'gone'};
  }
  document.title = JSON.stringify(seen);
}, 500)</script>"""


@pytest.fixture
def site() -> Iterator[Site]:
    served = Site()
    yield served
    served.close()


def frame(bad: list[str], n: int = 450) -> pd.DataFrame:
    """A table whose names, levels and documents are the payloads, with effects to be found."""
    rng = np.random.default_rng(5)
    names = [" ".join(bad[at::10]) for at in range(10)]
    level = np.array(bad[:8], dtype=object)[rng.integers(0, 8, n)]
    two = np.array(bad[20:22], dtype=object)[rng.integers(0, 2, n)]
    x = rng.normal(0, 1, n)
    out = {
        names[0]: level,
        names[1]: two,
        names[2]: x.round(3),
        names[3]: (2 * x + 3 * (level == bad[0]) + rng.normal(0, 1, n)).round(3),
        names[4]: np.where(rng.random(n) < 0.2 + 0.5 * (two == bad[20]), bad[30], bad[31]),
        names[5]: rng.choice(np.array(bad, dtype=object), n),
        names[6]: [f"{bad[k % 40]} parcel {k % 7} late {bad[(k + 9) % 40]} number {k}" for k in range(n)],
        names[7]: rng.integers(0, 4, n),
    }
    return pd.DataFrame(out)


def explained(bad: list[str], folder: Path) -> dict[str, str]:
    """The report of a workbook, its frame in a notebook, and the page of questions on it."""
    file = folder / f"{FILE}.xlsx"
    with pd.ExcelWriter(file, engine="openpyxl") as book:
        frame(bad).to_excel(book, sheet_name=SHEET, index=False)
    found = heldout.explain(file, table=SHEET, ledger=folder / "l")
    assert any(f.outcome == "verified" for f in found.findings)
    with inquiry(frame(bad), name=FILE, ledger=folder / "m") as asked:
        number, label = (c.name for c in asked.state.opened.columns[2:4])
        answers = [asked.ask(f"mean of `{number}`"), asked.ask(f"`{number}` increases with `{label}`")]
    notebook = f"<!doctype html><title>Notebook</title>{found._repr_html_()}"
    return {"explain": found.to_html(), "notebook": notebook, "asked": to_html(answers)}


def answered(every: str) -> str:
    """A page of questions with the payloads in every text that an answer has."""
    fact = Table(
        sql=every, rows_read="all", total=9, used=9, filter=every, groups=(every,), missing={every: 1},
        grouped=(every,), columns=(every, "n"), cells=((every, 3), (None, 4)), rows=5, limited=False, read=(every,),
        shown=(every,),
    )  # fmt: skip
    claim = ClaimAnswer(
        claim=every, hypothesis={"outcome": every}, state="answered", verified=True, reason=every, sentence=every,
        exploratory=Shown(sentence=every, reason=every, n=5),
    )  # fmt: skip
    texts = {"question": every, "dataset": every, "understood": every, "cost": every, "note": every}
    more = {"supplied": (every,), "words": (every,), "exploratory_words": (every,), "checked": every}
    model = ModelUsage(id=every, failure=every, open_questions=(every,))
    beside = (Beside(understood=every, fact=fact, cost=every),)
    made = [
        Answered(kind="fact", fact=fact, beside=beside, model=model, **texts, **more),
        Answered(kind="claim", claim=claim, not_checked=every, **texts, **more),
        Answered(kind="ways", ways=(Way(reading=every, question=every),), **texts, **more),
        Answered(kind="words", model=model, **texts, **more),
    ]
    return to_html(made)


def reviewed(bad: list[str], folder: Path) -> str:
    """The page of a second delivery of a table, with suppressions, owners and a history that hold payloads."""
    claims = folder / "claims.yml"
    heldout.learn(frame(bad), claims, name=FILE, ledger=folder / "r")
    ids = [c.id for c in read_claims(claims).claims]
    suppress(claims, ids[:2], reason=bad[0], owner=bad[1], expires="2099-01-01", today="2026-01-01")
    for at in range(2):
        new = frame(bad, 300 + at)
        new.iloc[:, 3] = -new.iloc[:, 3]
        new.iloc[:40, 0] = bad[12 + at]
        page = heldout.review(new, claims, name=f"{bad[6]} {at}", when="2026-01-01").to_html()
    assert html.escape(bad[0][:12]) in page, "the reason of a suppression is told"
    return page


def test_no_payload_of_a_file_a_claim_or_a_question_runs_or_fetches_anything(site: Site, tmp_path: Path) -> None:
    bad = payloads(site.host)
    every = " ".join(bad)
    pages = {**explained(bad, tmp_path), "answers": answered(every), "review": reviewed(bad, tmp_path)}
    control = f"<title>control</title>{bad[6]}<img src=/control>"
    site.pages |= {f"/{at}": page for at, page in enumerate([*pages.values(), control])}
    frames = "".join(f'<iframe id="{name}" src="/{at}"></iframe>' for at, name in enumerate([*pages, "control"]))
    site.pages["/look"] = LOOK.replace("FRAMES", frames)
    seen = json.loads(title(rendered(site, "/look", tmp_path / "chromium")))
    ran = seen.pop("control")
    assert (ran["title"], ran["handlers"]) == ("RAN", 1), "the same runs where nothing stops it"
    assert sorted(site.asked) == ["/control", "/fetched", "/x"], "and it alone fetches"
    assert set(seen) == set(pages)
    for at, (name, one) in enumerate(seen.items()):
        assert one["place"] == f"/{at}", name
        assert one["title"] not in ("RAN", "8", ""), name
        assert (one["scripts"], one["handlers"]) == (0, 0), name
        assert one["outside"] == 0 or name == "notebook", name
        assert one["size"] > 20 or name == "notebook", name
