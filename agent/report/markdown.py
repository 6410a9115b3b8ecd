"""The report as Markdown, in the order of the page.

Knows the result. Must never pass raw HTML, a link or an image from the data on: names stand in code spans, and in
every other text what Markdown would read as markup is escaped.
"""

import re
from collections.abc import Iterator, Sequence

from . import checks, corpus, modelled, words
from .asked import Answer, answers
from .details import details
from .joined import joined_line, made_lines, tables_lines
from .known import known_line
from .methods import limits, methods
from .result import Finding, Result
from .tables import columns_table, counts_table, leads_table, segments_table

_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~&$@]|:(?=//)|(?<=www)\.)", re.IGNORECASE)


def to_markdown(result: Result) -> str:
    """The whole report as GitHub-flavoured Markdown.

    Args:
        result: The result to show.
    """
    found = [*_first_screen(result), *_asked(result), *_findings(result), *_texts(result)]
    blocks = [*found, *_data(result), *_methods(result), *_record(result)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def escaped(text: str) -> str:
    """`text` on one line, shown letter by letter by any Markdown reader."""
    return _SPECIAL.sub(r"\\\1", words.clean(text))


def escaped_within(text: str) -> str:
    """A part of a text, its white space kept, shown letter by letter by any Markdown reader."""
    return _SPECIAL.sub(r"\\\1", text)


def named(text: str, *, cell: bool = False) -> str:
    """`text` escaped, with what stands between backticks as code.

    Args:
        text: A sentence with names in backticks.
        cell: Whether it stands in a table, where even code must not hold a bare pipe.
    """
    return "".join(
        _code(part, cell=cell) if is_name and part.strip() else _SPECIAL.sub(r"\\\1", part)
        for is_name, part in words.parts(text)
    )


def _code(name: str, *, cell: bool) -> str:
    return "`" + (name.replace("|", "\\|") if cell else name) + "`"


def _name(name: str, *, cell: bool = False) -> str:
    """A column's name as code, or escaped where a backtick in it would end the code."""
    name = words.clean(name)
    return _code(name, cell=cell) if name and "`" not in name else escaped(name)


def _first_screen(result: Result) -> Iterator[str]:
    yield f"# {escaped(result.dataset.name)}"
    yield named(words.done_line(result))
    if result.tables is not None:
        yield named(joined_line(result))
    if known_line(result):
        yield named(known_line(result))
    if words.budget_line(result):
        yield words.budget_line(result)
    if result.findings:
        yield f"**{words.verdicts_line(result)}.** {words.how_line(result)} {escaped(corpus.star_line(result))}".strip()
    if modelled.model_line(result):
        yield named(modelled.model_line(result))
    if words.top_line(result):
        yield f"**{named(words.top_line(result))}**"
    if result.summary:
        yield f"## {modelled.TITLE}"
        yield "\n".join(f"- {named(sentence)}" for sentence in result.summary)
        yield f"*{named(modelled.worded_line(result))}*"
    if modelled.questions(result):
        yield f"### {modelled.QUESTIONS}"
        yield "\n".join(f"- {named(question)}" for question in modelled.questions(result))


def _asked(result: Result) -> Iterator[str]:
    if result.asked:
        yield "## What was asked"
        yield "\n".join(f"{at}. {_answer(answer)}" for at, answer in enumerate(answers(result), 1))


def _answer(answer: Answer) -> str:
    remarks = " ".join(named(text) for text in answer.remarks)
    return f"{escaped(answer.said)}: **{escaped(answer.verdict)}.** {named(answer.claim)} {remarks}".rstrip()


def _findings(result: Result) -> Iterator[str]:
    ranked = sorted(result.findings, key=lambda f: f.rank)
    headlines = [f for f in ranked if f.headline]
    yield from _listed("What held up", headlines, numbered=True)
    for outcome in words.OUTCOMES:
        own = [f for f in ranked if f.outcome == outcome and not f.headline]
        title = "Verified" if outcome == "verified" and not headlines else words.TITLES[outcome]
        yield from _listed(title, own)


def _listed(title: str, findings: Sequence[Finding], *, numbered: bool = False) -> Iterator[str]:
    if not findings:
        return
    yield f"## {title}"
    for at, finding in enumerate(findings, 1):
        yield _finding(finding, f"{at}." if numbered else "-")


def _finding(finding: Finding, mark: str) -> str:
    head, figures = words.headed(finding.sentence)
    verified = finding.outcome == "verified"
    indent = " " * (len(mark) + 1)
    lines = [f"{mark} **{named(head if verified else finding.claim + '.')}** {words.badge(finding)}."]
    if not verified:
        lines.append(named(finding.reason))
    lines += [named(text) for text in (figures, words.adjusted_line(finding), words.explored_line(finding)) if text]
    if finding.outcome == "inconclusive":
        lines += [named(text) for text in (words.undecided_line(finding),) if text]
    lines += [f"{'With' if e.holds else 'Without'} it: {_quoted(e.pieces)}" for e in corpus.examples_of(finding)]
    evidence = "; ".join(f"{name}: {figure}" for name, figure in details(finding).lines if name != "Verdict")
    lines.append(f"Evidence: {named(evidence)}.")
    return f"\n\n{indent}".join(lines)


def _texts(result: Result) -> Iterator[str]:
    """Facts of each text and its themes, with one typical document each."""
    if result.text:
        yield f"## {corpus.TITLE}"
    for at, text in enumerate(result.text):
        yield named(" ".join((*corpus.facts_lines(text), corpus.themes_line(text))).strip())
        rows = corpus.theme_rows(result, at)
        if rows:
            told = [
                ("– " * row.part + escaped(row.label), escaped(row.share), row.documents, escaped(row.terms),
                 row.agreement, escaped(row.trend.text if row.trend else ""))
                for row in rows
            ]  # fmt: skip
            yield named(corpus.themes_note(text))
            yield _table(("Theme", "Share", "Documents", "Further terms", "Agreement", "Over time"), told)
        typical = [(row.label, row.typical[0]) for row in rows if row.typical and not row.part]
        if typical:
            yield "\n".join(f"- Typical of {escaped(label)}: {_quoted(quote)}" for label, quote in typical)


def _quoted(quote: Sequence[corpus.Piece]) -> str:
    """A document, escaped, what carries the decision in bold."""
    return "".join(f"**{escaped_within(p.text)}**" if p.marked else escaped_within(p.text) for p in quote)


def _tables(result: Result) -> Iterator[str]:
    if result.tables is None:
        return
    yield "## Tables"
    yield "\n".join(f"- {named(text)}" for text in tables_lines(result))
    if made_lines(result):
        yield "Columns made from other tables:"
        yield "\n".join(f"- {_name(name)}: {named(text)}" for name, text in made_lines(result))


def _data(result: Result) -> Iterator[str]:
    yield from _tables(result)
    if result.quality:
        yield f"## {checks.TITLE}"
        yield checks.about_line(result)
        yield "\n".join(f"- {named(c.text)} {named(c.advice)}" for c in result.quality)
    if result.structure:
        yield "## How the table is built"
        yield "These relations hold by construction and are never counted as findings."
        yield "\n".join(f"- {named(text)}" for text in checks.structure_lines(result))
    if result.segments:
        yield "## Segments"
        yield named(words.segments_line(result))
        yield "\n".join(f"- {s.share} of rows: {named(s.rule)}. {named(s.typical)}." for s in segments_table(result))
    if notes := checks.notes_left(result):
        yield "## Data notes"
        yield "\n".join(f"- {named(note.text)}" for note in notes)
    if result.leads:
        yield "## Leads, not verified"
        yield "Pairs that moved together most on exploration rows. They came out of a search and may be chance."
        rows = [
            (f"{_name(x.a, cell=True)} and {_name(x.b, cell=True)}", escaped(x.strength), x.n)
            for x in leads_table(result)
        ]
        yield _table(("Columns", "Strength on exploration rows", "n"), rows)
    if result.dataset.columns:
        yield "## Columns"
        yield _table(("Column", "Type", "Missing", "Distinct", "Values"), _columns(result))


def _columns(result: Result) -> list[tuple[str, ...]]:
    out = []
    for c in columns_table(result):
        role = "" if c.role == "analysed" else named(c.role, cell=True)
        warnings = [named(w, cell=True) for w in c.warnings]
        values = " ".join(x for x in (escaped(c.summary), role, *warnings) if x)
        out.append((_name(c.name, cell=True), escaped(c.type), c.missing, c.distinct, values))
    return out


def _methods(result: Result) -> Iterator[str]:
    yield "## Methods"
    for title, text in methods(result):
        yield f"**{title}.** {named(text)}"
    yield "### Limits"
    yield "\n".join(f"- {named(text)}" for text in limits(result))
    if result.findings:
        yield "### What was counted"
        yield _table(("", "Count"), counts_table(result))


def _record(result: Result) -> Iterator[str]:
    yield "## Record"
    if result.ledger:
        batch = f"; this report is batch {result.ledger.session}" if result.ledger.session else ""
        entries = words.many(result.ledger.entries, "entry", "entries")
        yield f"The ledger of this data set holds {entries}{batch}. Its head is `{result.ledger.head}`."
    yield f"Data fingerprint `{result.dataset.fingerprint}`. heldout {result.tool.version}."


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of cells that are escaped already."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
