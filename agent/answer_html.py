"""Answers as one offline page: no script, nothing fetched, every value escaped.

Knows answers. Must never build markup from a value that is not escaped, nor know files.
"""

from collections.abc import Sequence
from html import escape

from .answer_fields import Answered, ClaimAnswer
from .answer_text import cell, model_line, own_words_line, provenance, verdict
from .facts import Table
from .report.page import content_policy
from .report.words import clean, plain

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;"
    "background:#fff}h1{font-size:1.3rem}h2{font-size:1.1rem;margin-top:2.5rem}table{border-collapse:collapse}"
    "td,th{padding:.2rem .8rem;text-align:left;border-bottom:1px solid #ddd}td.n{text-align:right;"
    "font-variant-numeric:tabular-nums}pre{white-space:pre-wrap;background:#f4f4f4;padding:.6rem}"
    "@media(prefers-color-scheme:dark){body{color:#e8e8e8;background:#161616}pre{background:#262626}"
    "td,th{border-color:#444}}"
)


def to_html(answers: Sequence[Answered]) -> str:
    """The answers as one document, in the order in which they were given."""
    title = f"Questions on {clean(answers[0].dataset)}" if answers else "Questions"
    body = "\n".join(_section(a) for a in answers)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(content_policy(_STYLE))}">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n<body><h1>{escape(title)}</h1>\n"
        f"{body}\n</body></html>\n"
    )


def _section(answer: Answered) -> str:
    out = [f"<h2>{escape(clean(answer.question))}</h2>"]
    if answer.note:
        out.append(_p(answer.note))
    if answer.kind == "ways":
        items = "".join(f"<li>{escape(plain(w.reading))}: <code>{escape(w.question)}</code></li>" for w in answer.ways)
        out.append(f"<p>This can be read in {len(answer.ways)} ways.</p><ol>{items}</ol>")
    elif answer.kind == "words":
        out.append(_p(own_words_line(answer)))
    else:
        for one in answer.beside:
            out += [_p(f"Understood: {one.understood}."), _table(one.fact), *([_p(one.cost)] if one.cost else [])]
        out.append(_p(f"Understood: {answer.understood}."))
    out += [_p(f"({note})") for note in answer.supplied]
    out += [_p(sentence) for sentence in answer.words if answer.kind != "words"]
    if answer.fact is not None:
        out.append(_table(answer.fact))
    if answer.claim is not None:
        out.append(_claim(answer.claim))
    if answer.exploratory_words:
        out.append(_p("Seen on the exploration rows: " + " ".join(answer.exploratory_words)))
    out += [_p(answer.cost)] if answer.cost else []
    out += [_p(f"Checked: {answer.checked}"), _p(f"Not checked: {answer.not_checked}")]
    out += [_p(model_line(answer.model))] if answer.model is not None else []
    return "<section>" + "\n".join(out) + "</section>"


def _p(text: str) -> str:
    return f"<p>{escape(plain(text))}</p>"


def _claim(claim: ClaimAnswer) -> str:
    out = [f"<p><strong>{escape(verdict(claim))}</strong></p>"]
    out += [_p(text) for text in (claim.reason, claim.sentence) if text]
    if claim.exploratory is not None:
        said = claim.exploratory.sentence or f"cannot be measured: {claim.exploratory.reason}"
        out.append(_p(f"Exploratory, no verdict ({claim.exploratory.n:,} exploration rows): {said}"))
    return "".join(out)


def _table(table: Table) -> str:
    head = "".join(f"<th>{escape(clean(name))}</th>" for name in table.columns)
    rows = "".join("<tr>" + "".join(_cell(v) for v in row) + "</tr>" for row in table.cells)
    more = table.rows - len(table.cells)
    left = f"<p>{more:,} more of {table.rows:,} rows are not shown.</p>" if more > 0 else ""
    *about, sql = provenance(table)
    told = "".join(_p(line) for line in about)
    return f"<table><tr>{head}</tr>{rows}</table>{left}{told}<pre>{escape(sql)}</pre>"


def _cell(value: object) -> str:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    kind = ' class="n"' if number else ""
    return f"<td{kind}>{escape(cell(value))}</td>"
