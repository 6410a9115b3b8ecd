"""A review as Markdown: a pull-request comment that is updated in place, and the summary of a pipeline's step.

Knows the review. Must never pass raw HTML, a link, an image or a mention from the data on, nor show a cell's value,
since a comment is sent to others. What is too long for its place is shortened from the end, never cut within a line.
"""

import re
from collections.abc import Iterator, Sequence

from ...report import markdown
from ...report.words import clean
from ..result import Review
from . import words
from .alarms import COUNTING, TITLES, Alarm, alarms, at_level, suppressed

COMMENT = 65_000
"""Characters that a comment may have; GitHub takes 65,536."""
SUMMARY = 1_000_000
"""Bytes that a step's summary may have; GitHub takes 1 MiB."""
_TRIES = ((100, 2_000), (40, 200), (20, 60), (12, 0), (6, 0), (2, 0))
"""Alarms and other entries a list, and claims in the table of all."""
_LONGEST = 700


def to_markdown(review: Review, *, most: int = COMMENT) -> str:
    """The review as GitHub-flavoured Markdown, within `most` bytes.

    Args:
        review: The result to show.
        most: Bytes it may have in UTF-8, which are at least as many as its characters.
    """
    text = ""
    for listed, claims in _TRIES:
        text = "\n\n".join([marker(review), *_blocks(review, listed, claims)]) + "\n"
        if len(text.encode("utf-8", "replace")) <= most:
            break
    return text


def marker(review: Review) -> str:
    """The comment's first line, invisible and the same for every delivery of these data: how it is found again."""
    source = re.sub(r"[^A-Za-z0-9._]+", "-", review.claims.source).strip("-")[:80]
    return f"<!-- heldout review: {source or 'data'} -->"


def named(text: str, *, cell: bool = False) -> str:
    """`text` escaped, names as code, and nothing in it that would notify a person or link an issue."""
    text = clean(text)
    if len(text) > _LONGEST:
        text = text[: _LONGEST - 1] + "…"
    return _unlinked(markdown.named(text, cell=cell))


def _unlinked(text: str) -> str:
    """A backslash does not keep GitHub from reading `@name` or `#12`; a comment in between does."""
    return text.replace("\\@", "@<!-- -->").replace("\\#", "#<!-- -->")


def _blocks(review: Review, listed: int, claims: int) -> Iterator[str]:
    yield f"## {words.OUTCOMES[review.outcome]}: {named(words.headline(review))}"
    yield f"**{named(words.message(review))}**"
    yield named(" ".join(part for part in (words.scope(review), words.standing(review)) if part))
    found = alarms(review)
    yield from _alarms(TITLES["error"], at_level(found, "error"), listed)
    # Before the warnings, which may be many and say less.
    yield from _list("What is different, the largest first", [words.change_text(c) for c in review.changes], listed)
    for level in COUNTING[1:]:
        yield from _alarms(TITLES[level], at_level(found, level), listed)
    unread = [words.unread_text(u) for u in review.unread]
    yield from _list("Columns that do not read as they were learned", unread, listed)
    yield from _list("Suppressed, not counted", [_told(a) for a in suppressed(review)], listed)
    yield from _claims(review, claims)
    rows = f" {words.ROWS}" if any(a.rows for a in found) or any(u.first for u in review.unread) else ""
    yield named(f"{words.counts_line(review) if review.checks else ''} {words.gate(review)}{rows}")


def _alarms(title: str, found: Sequence[Alarm], listed: int) -> Iterator[str]:
    if not found:
        return
    yield f"### {title}: {len(found):,}"
    entries = [_alarm(f"{at}.", alarm) for at, alarm in enumerate(found[:listed], 1)]
    if len(found) > listed:
        entries.append(f"and {len(found) - listed:,} more in the report.")
    yield "\n\n".join(entries)


def _alarm(mark: str, alarm: Alarm) -> str:
    if alarm.state == "undecidable":  # often many at once, for one column that is gone
        return f"{mark} **{named(alarm.title)}.** {named(f'{alarm.text} ({alarm.id} · {alarm.where})')}"
    lines = [f"{mark} **{named(alarm.title)}.** {named(' '.join(p for p in (alarm.text, alarm.rows) if p))}"]
    if alarm.todo:
        lines.append(f"**Do:** {named(alarm.todo)}")
    if alarm.accept:
        label, command = words.accepting(alarm.accept)
        lines.append(f"{named(label)} `{clean(command)}`" if command else named(label))
    if alarm.explains:
        lines.append(named(f"It explains {', '.join(alarm.explains)}, not told again."))
    told = (alarm.course, alarm.id, alarm.where, f"owner {alarm.owner}" if alarm.owner else "")
    lines.append(named(" · ".join(part for part in told if part)))
    return f"\n{' ' * (len(mark) + 1)}".join(line + "  " for line in lines).rstrip()


def _told(alarm: Alarm) -> str:
    s = alarm.suppressed
    return f"{alarm.title}. {alarm.text} Suppressed: {words.suppression(s.reason, s.owner, s.expires) if s else ''}."


def _list(title: str, texts: Sequence[str], listed: int) -> Iterator[str]:
    if not texts:
        return
    yield f"### {title}"
    entries = [f"{at}. {named(text)}" for at, text in enumerate(texts[:listed], 1)]
    more = [f"\nand {len(texts) - listed:,} more in the report."] if len(texts) > listed else []
    yield "\n".join([*entries, *more])


def _claims(review: Review, most: int) -> Iterator[str]:
    """The table of all claims, folded; what does not hold stands first."""
    if not review.checks or not most:
        return
    shown = sorted(review.checks, key=lambda c: c.state == "holds")[:most]
    rows = [("State", "Claim", "In this delivery", "Where"), ("---",) * 4]
    for c in shown:
        state = "suppressed" if words.quiet(c) and c.state != "holds" else words.STATES[c.state]
        where = f"{c.id} · {words.place(review, c.line)}"
        rows.append((state, *(named(text, cell=True) for text in (words.says(c), c.text, where))))
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    title = f"{len(shown):,} of {len(review.checks):,} claims" if len(shown) < len(review.checks) else "All claims"
    yield f"<details><summary>{title}</summary>\n\n{table}\n\n</details>"
