"""In Chromium: no data value of a report runs, nothing is fetched, and the page fits a phone."""

import html
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from heldout.agent.report.charts import chart
from heldout.agent.report.explanation import Explanation
from heldout.tools.verify.evidence import Picture
from tests import sample_result as made

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
pytestmark = pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="Chromium is not installed")
RUN = "document.title='RAN';fetch('//HOST/fetched')"
PAYLOADS = (
    "<script>{run}</script>", "</script><script>{run}</script>", "</title><script>{run}</script>",
    "</style><script>{run}</script>", "--><script>{run}</script>", "]]><script>{run}</script>",
    "<img src=x onerror=\"{run}\">", "<img src=//HOST/image>", "<svg onload=\"{run}\">", "<svg/onload={run}>",
    "<body onload=\"{run}\">", "<iframe src=//HOST/frame></iframe>", "<iframe srcdoc=\"<script>{run}</script>\">",
    "<object data=//HOST/object>", "<embed src=//HOST/embed>", "<link rel=stylesheet href=//HOST/style>",
    "<meta http-equiv=refresh content=\"0;url=http://HOST/moved\">", "<base href=//HOST/>", "<video src=//HOST/video>",
    "<audio src=//HOST/audio onerror=\"{run}\">", "<details open ontoggle=\"{run}\">",
    "<input autofocus onfocus=\"{run}\">",
    "<style>@import '//HOST/import';*{{background:url(//HOST/css)}}</style>", "<marquee onstart=\"{run}\">",
    "<form action=//HOST/form><button autofocus onfocus=\"{run}\">", "<a href=\"javascript:{run}\">x</a>",
    "\" onmouseover=\"{run}\" autofocus onfocus=\"{run}\" x=\"", "' onfocus='{run}' autofocus x='",
    "\"><script>{run}</script>", "'><script>{run}</script>", "`><script>{run}</script>", "javascript:{run}",
    "data:text/html,<script>{run}</script>", "{{{{ 7*7 }}}}{{% for x in y %}}", "${{{run}}}", "&lt;script&gt;{run}",
    "<script src=//HOST/source></script>", "<math><mtext></mtext><script>{run}</script></math>",
    "<image href=//HOST/href xlink:href=//HOST/xlink>", "<template><script>{run}</script></template>\u2028{run}",
)  # fmt: skip


class Site:
    """A server on this machine that serves a few pages and remembers what else was asked of it."""

    def __init__(self) -> None:
        self.pages: dict[str, str] = {}
        self.asked: list[str] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                page = site.pages.get(self.path)
                if page is None and self.path != "/favicon.ico":
                    site.asked.append(self.path)
                self.send_response(200 if page is not None else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write((page or "").encode())

            def log_message(self, *args: object) -> None:
                del args

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def site() -> Iterator[Site]:
    served = Site()
    yield served
    served.close()


def rendered(site: Site, path: str, folder: Path) -> str:
    """The page as Chromium holds it after loading and running what would run."""
    flags = (
        "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
        "--disable-component-update --disable-sync --disable-dev-shm-usage --virtual-time-budget=3000 --dump-dom"
    ).split()
    command = [CHROMIUM, *flags, f"--user-data-dir={folder}", f"http://{site.host}{path}"]
    return subprocess.run(command, capture_output=True, text=True, timeout=90, check=True).stdout


def title(dom: str) -> str:
    found = re.search(r"<title>(.*?)</title>", dom, flags=re.S)
    return html.unescape(found[1]) if found else ""


def payloads(host: str) -> list[str]:
    run = RUN.replace("HOST", host)
    return [p.replace("HOST", host).format(run=run) for p in PAYLOADS]


def hostile(bad: list[str]) -> Explanation:
    """A report in which every place that data can reach holds payloads."""
    every = " ".join(bad)
    found = made.findings()
    for at, finding in enumerate(found):
        one, two = bad[at % len(bad)], bad[(at + 13) % len(bad)]
        finding["claim"] = f"`{one}` is higher when `x` is {two} {every}"
        finding["sentence"] = f"{finding['claim']}: 3 against 2 {two}."
        finding["reason"], finding["warnings"] = every, (every,)
        finding["held_out"] |= {"test": every, "n_per_group": {one: 3}}
        finding["held_out"]["groups"] = ({"label": every, "n": 3, "mean": 1.0, "low": 0.5, "high": 1.5},)
        finding["hypothesis"]["where"] = ({"column": one, "op": "==", "value": two},)
        records = ({"label": one, "n": 3, "mean": 1.0}, {"label": two, "n": 3, "mean": 2.0})
        finding["chart"] = chart(Picture(kind="groups", x_title=one, y_title=every, records=records))
    full = made.data()
    columns = [c | {"name": bad[i % len(bad)], "role": every, "unit": every} for i, c in enumerate(made.columns())]
    notes = [{"kind": "warning", "column": p, "text": p} for p in bad]
    dataset = full["dataset"] | {"name": every, "columns": columns, "notes": notes}
    profile = [p | {"name": columns[i]["name"], "warnings": bad, "top": [[p, 3] for p in bad]}
               for i, p in enumerate(made.profile())]  # fmt: skip
    structure = [{"kind": "key", "columns": bad, "text": every}]
    leads: list[dict[str, Any]] = [full["leads"][0] | {"a": p, "b": every, "measure": p} for p in bad]
    split = full["split"] | {"kind": "entity", "key": every, "reason": every}
    shown = made.sample(
        findings=found, dataset=dataset, profile=profile, structure=structure, leads=leads, split=split, message=every
    )
    return Explanation(shown, attachments={"x.bin": b""})


def test_no_value_of_the_data_runs_or_fetches_anything(site: Site, tmp_path: Path) -> None:
    bad = payloads(site.host)
    assert len(bad) == 40
    site.pages["/report"] = hostile(bad).to_html()
    dom = rendered(site, "/report", tmp_path)
    assert site.asked == []
    assert title(dom).startswith("<script>document.title='RAN'"), "the name of the data set stays its text"
    assert "<script" not in dom
    assert "What held up" in dom


def test_no_value_of_the_data_runs_in_a_notebooks_frame(site: Site, tmp_path: Path) -> None:
    frame = hostile(payloads(site.host))._repr_html_()
    site.pages["/notebook"] = f"<!doctype html><title>Notebook</title><p>before</p>{frame}<p>after</p>"
    dom = rendered(site, "/notebook", tmp_path)
    assert site.asked == []
    assert title(dom) == "Notebook"


def test_the_same_payloads_run_where_nothing_stops_them(site: Site, tmp_path: Path) -> None:
    site.pages["/bare"] = f"<!doctype html><title>Bare</title><body>{' '.join(payloads(site.host)[6:8])}"
    dom = rendered(site, "/bare", tmp_path)
    assert title(dom) == "RAN"
    assert "/image" in site.asked


def test_even_unescaped_the_content_policy_stops_them(site: Site, tmp_path: Path) -> None:
    page = Explanation(made.sample()).to_html()
    torn = " ".join(payloads(site.host)[at] for at in (0, 6, 7, 8, 14, 18))
    site.pages["/torn"] = page.replace("<h2>What held up</h2>", f"<h2>{torn}</h2>")
    dom = rendered(site, "/torn", tmp_path)
    assert "onerror" in dom
    assert site.asked == []
    assert title(dom) == "penguins.csv – heldout report"


@pytest.mark.parametrize("kind", ["plain", "hostile", "empty"])
def test_the_page_fits_a_phone_without_scrolling_sideways(kind: str, site: Site, tmp_path: Path) -> None:
    long = ["a_very_long_name_" * 20, "x" * 300]
    shown = {
        "plain": Explanation(made.sample()),
        "hostile": hostile(long),
        "empty": Explanation(made.without_verdicts("m" * 200)),
    }[kind]
    site.pages["/report"] = shown.to_html()
    site.pages["/phone"] = (
        "<!doctype html><title>none</title><iframe id=f width=390 height=800 src=/report style='border:0'></iframe>"
        "<script>onload=()=>{const d=f.contentDocument;d.querySelectorAll('details').forEach(x=>x.open=true);"
        "document.title=d.documentElement.scrollWidth+' '+d.querySelectorAll('img').length+' '"
        "+[...d.images].filter(i=>!i.naturalWidth).length}</script>"
    )
    width, images, broken = map(int, title(rendered(site, "/phone", tmp_path)).split())
    assert width <= 390
    assert images == {"plain": 5, "hostile": 6, "empty": 0}[kind]
    assert broken == 0


def test_dark_readers_get_a_dark_page_and_dark_charts(site: Site, tmp_path: Path) -> None:
    site.pages["/report"] = Explanation(made.sample()).to_html()
    site.pages["/look"] = (
        "<!doctype html><title>none</title><iframe id=f src=/report width=900></iframe><script>onload=()=>{"
        "const d=f.contentDocument,i=d.images[0],c=document.createElement('canvas');c.width=i.naturalWidth;"
        "c.height=i.naturalHeight;const x=c.getContext('2d');x.drawImage(i,0,0);"
        "document.title=getComputedStyle(d.body).backgroundColor+'|'+[...x.getImageData(1,1,1,1).data].slice(0,3)}</script>"
    )
    flags = (
        "--headless --no-sandbox --disable-gpu --virtual-time-budget=3000 --dump-dom --disable-dev-shm-usage".split()
    )
    look = [CHROMIUM, *flags, f"--user-data-dir={tmp_path}", f"http://{site.host}/look"]
    seen = {
        mode: title(subprocess.run([*look, *more], capture_output=True, text=True, timeout=90, check=True).stdout)
        for mode, more in (("light", []), ("dark", ["--blink-settings=preferredColorScheme=0"]))
    }
    assert seen == {"light": "rgb(255, 255, 255)|255,255,255", "dark": "rgb(23, 29, 34)|23,29,34"}
