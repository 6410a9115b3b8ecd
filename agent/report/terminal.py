"""The report in a terminal: the first screen, counts, short lists and notes, in at most about sixty lines.

Knows a result and a width. Must never know HTML or how a figure was computed; it returns text and prints nothing.
Data reach the screen as cleaned text, so that no cell can move the cursor or set a colour.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from . import checks, corpus, modelled, words
from .asked import answers
from .joined import joined_line
from .known import known_line
from .result import Finding, Result
from .screen import console, cut, item, line
from .tables import leads_table, segments_table

if TYPE_CHECKING:
    from rich.console import RenderableType

_LONGEST = 60
_TRIES = ((5, True), (4, True), (3, True), (2, True), (2, False), (1, False))
"""Lines a list, and whether its claims are told whole: a claim cut short is worse than one that is left to the page."""
_NOTES = 6
_SIZES = {"uncertain": "may be too small to matter", "negligible": "too small to matter"}
_STYLES = {"verified": "bold green", "refuted": "bold red", "inconclusive": "bold yellow", "untestable": "bold"}


class _Room(NamedTuple):
    """How much the lists may take, and where the reader finds the rest."""

    listed: int
    whole: bool
    rest: str


def to_terminal(
    result: Result,
    *,
    width: int | None = None,
    color: bool | None = None,
    files: Sequence[Path] = (),
    replayed: bool = False,
) -> str:
    """The report as lines for a terminal, the lists shortened until about sixty lines hold it.

    Args:
        result: The result to show.
        width: Columns of the terminal; its own, at most 100, when None.
        color: Whether to send colour codes; None sends them to a terminal only, and never where NO_COLOR is set.
        files: Files that were written, to be named at the end.
        replayed: Whether the verdicts come from an earlier run of the same question.
    """
    text = ""
    rest = f"all in {_page(files).name}" if files else "`--out FOLDER` writes them all"
    for listed, whole in _TRIES:
        sheet, screen = console(width, color)
        for block in _blocks(result, files, replayed, _Room(listed, whole, rest)):
            sheet.print(block)
        text = "\n".join(line.rstrip() for line in screen.getvalue().rstrip().splitlines())
        if text.count("\n") < _LONGEST:
            break
    return text


def _blocks(result: Result, files: Sequence[Path], replayed: bool, room: _Room) -> Iterator["RenderableType"]:
    listed = room.listed
    yield from _title(result, replayed)
    yield from _summary(result)
    yield from _answers(result, full=listed > 1) if result.asked else _found(result, room)
    if not result.findings:
        yield from _texts(
            "Leads: seen, not verified",
            [f"`{x.a}` and `{x.b}`: {x.strength}, n = {x.n}" for x in leads_table(result)],
            listed + 5,
            whole=room.whole,
        )
        yield from _profile(result, listed)
    yield from _texts(
        checks.short_title(result), checks.short_lines(result), min(listed, checks.MOST), whole=room.whole
    )
    yield from _texts(corpus.TITLE, corpus.short_lines(result), listed + 2, whole=room.whole)
    yield from _texts("How the table is built", checks.structure_lines(result), min(listed, 3), whole=room.whole)
    if not result.asked:  # who asked one question did not ask for these; they stand in the report
        told = [f"{s.share} of rows: {s.rule}. {s.typical}" for s in segments_table(result)]
        yield from _texts("Segments of the explored rows, not verified", told, min(listed, 3), whole=room.whole)
    yield from _texts(modelled.QUESTIONS, modelled.questions(result), min(listed, 3), whole=room.whole)
    notes = [n.text for n in checks.notes_left(result)]
    yield from _texts("Data notes", notes, min(listed + 1, _NOTES), whole=room.whole)
    yield from _files(files)


def _found(result: Result, room: _Room) -> Iterator["RenderableType"]:
    yield from _headlines(result)
    rest = [f for f in result.findings if not f.headline]
    for outcome in words.OUTCOMES:
        yield from _short_list(outcome, [f for f in rest if f.outcome == outcome], result, room)


def _answers(result: Result, *, full: bool) -> Iterator["RenderableType"]:
    """What the user stated, each with its verdict; without remarks and figures where many must fit."""
    for at, answer in enumerate(answers(result), 1):
        told_above = full and answer.repeats  # an undecided claim said twice sounds like a finding
        text = line(f"{answer.verdict}{'.' if told_above else ':'}", _STYLES[answer.outcome])
        if not told_above:
            text.append_text(line(f" {answer.claim}", "bold" if answer.outcome == "verified" else ""))
        if full:
            yield ""
            yield item(f"{at}.", line(answer.said))
            details = " ".join(part for part in (answer.figures, answer.adjusted, *answer.remarks) if part)
            text.append_text(line(f" {details}" if details else ""))
        yield item("" if full else f"{at}.", text)


def _title(result: Result, replayed: bool) -> Iterator["RenderableType"]:
    yield line(result.dataset.name, "bold")
    yield line(words.done_line(result))
    if result.tables is not None:
        yield line(joined_line(result))
    if known_line(result):
        yield line(known_line(result))
    if result.findings:
        yield line(words.verdicts_line(result) + ". Associations, not causes.", "dim")
    if words.budget_line(result):
        yield line(words.budget_line(result), "dim")
    if modelled.model_line(result):
        yield line(modelled.model_line(result), "dim")
    if replayed:
        yield line("These verdicts stand in the ledger: the same question was answered before.", "dim")
    if words.top_line(result):
        yield ""
        yield line(words.top_line(result), "bold")


def _summary(result: Result) -> Iterator["RenderableType"]:
    """What the model worded, with what vouches for it."""
    if not result.summary:
        return
    yield ""
    yield line(modelled.TITLE, "bold")
    yield from (line(f"- {sentence}") for sentence in result.summary)
    yield line(modelled.worded_line(result), "dim")


def _headlines(result: Result) -> Iterator["RenderableType"]:
    for at, finding in enumerate((f for f in result.findings if f.headline), 1):
        if at == 1:
            yield ""
        head, figures = words.headed(finding.sentence)
        text = line(head, "bold")
        if figures:
            text.append_text(line(" " + figures))
        if words.adjusted_phrase(finding):
            text.append_text(line(" " + words.adjusted_phrase(finding), words.ADJUSTED_STYLES[finding.adjustment.tag]))
        if finding.size in _SIZES:
            text.append_text(line(f" {_SIZES[finding.size].capitalize()}.", "yellow"))
        for warning in words.caveats(finding.warnings):
            text.append_text(line(" " + warning, "yellow"))
        yield item(f"{at}.", text)
    if corpus.star_line(result):
        yield item("", line(corpus.star_line(result), "dim"))


def _short_list(outcome: str, own: Sequence[Finding], result: Result, room: _Room) -> Iterator["RenderableType"]:
    if not own:
        return
    also = outcome == "verified" and any(f.headline for f in result.findings)
    title = "Verified" if outcome == "verified" and not also else words.TITLES[outcome]
    yield ""
    yield line(f"{title}: {len(own):,}", _STYLES[outcome])
    for finding in own[: room.listed]:
        yield item("-", line(_claim(finding)) if room.whole else cut(_claim(finding)))
    if len(own) > room.listed:
        yield item("", line(f"and {len(own) - room.listed:,} more: {room.rest}", "dim"))


def _claim(finding: Finding) -> str:
    """The claim; of a verified one what the other columns do to it and whether it may be too small, else why not."""
    if finding.outcome == "untestable":
        return f"{finding.claim}. {finding.reason}"
    if finding.outcome != "verified":
        return finding.claim
    held = finding.adjustment.phrase.split(" and is")[0] if finding.adjustment.tag in ("attenuated", "reversed") else ""
    size = _SIZES.get(finding.size or "", "")
    remarks = "; ".join(text for text in (held, size) if text)
    claim = words.headed(finding.sentence)[0]
    return f"{claim.removesuffix('.')} ({remarks})." if remarks else claim


def _profile(result: Result, listed: int) -> Iterator["RenderableType"]:
    columns = result.dataset.columns
    if not columns:
        return
    yield ""
    yield line(f"Columns: {len(columns):,}", "bold")
    for column in columns[: listed * 3]:
        distinct = words.many(column.distinct, "distinct value")
        yield item("-", cut(f"`{column.name}`, {column.type}: {distinct}, {column.missing:,} missing"))
    if len(columns) > listed * 3:
        yield item("", line(f"and {len(columns) - listed * 3:,} more", "dim"))


def _texts(title: str, texts: Sequence[str], most: int, *, whole: bool) -> Iterator["RenderableType"]:
    if not texts:
        return
    yield ""
    yield line(title, "bold")
    for text in texts[:most]:
        yield item("-", line(text) if whole else cut(text))
    if len(texts) > most:
        yield item("", line(f"and {len(texts) - most:,} more", "dim"))


def _files(files: Sequence[Path]) -> Iterator["RenderableType"]:
    if not files:
        return
    page = _page(files)
    others = ", ".join(f.name for f in files if f != page)
    yield ""
    text = line("Report:", "bold")
    text.append(" " + words.clean(str(page)))
    yield text
    if others:
        yield item("", line(f"beside it {others}", "dim"))


def _page(files: Sequence[Path]) -> Path:
    """Of the files that were written, the one to read."""
    return next((f for f in files if f.suffix == ".html"), files[0])
