"""A conversation about one table: each line is a question, a chosen reading, or a command that looks closer.

Knows the inquiry and its answers. Must never compute a figure, print, or read a terminal.
"""

from collections.abc import Callable
from pathlib import Path

from ..tools.data.readers_binary import quoted
from ..tools.errors import HeldoutError, UsageError
from .answer import Answer
from .answer_text import table_lines
from .drawing import draw
from .export import export
from .facts import from_exploration
from .inert import inert
from .inquiry import Inquiry

HELP = """Ask a question of fact (such as "mean fare by class") or state a claim ("fare ~ class") on your own columns.
  /sql      the SQL of the last fact
  /rows     the last result in full, and some exploration rows behind it
  /chart    the last answer as a picture, written beside you (/chart FILE.svg or FILE.html)
  /verify   the last claim on sealed rows
  /budget   what can still be asked
  /reveal   close the thread: all its numbers at once; further claims then need another vault
  /export   html, notebook or script, and where to: /export notebook questions.ipynb
  /help     this; /quit leaves"""
_CARRIED_OUT = ("fact", "claim")
_PRINTED = 200
_BEHIND = 10


class Chat:
    """Questions and commands, one line at a time."""

    def __init__(self, asked: Inquiry) -> None:
        self.asked = asked
        self.asked.words.close = "/reveal"
        self.done = False
        self._commands: dict[str, Callable[[str], str]] = {
            "/sql": self._sql, "/rows": self._rows, "/chart": self._chart, "/verify": self._verify,
            "/budget": self._budget, "/reveal": self._reveal, "/export": self._export, "/help": lambda _: HELP,
            "/quit": self._quit,
        }  # fmt: skip

    def greeting(self) -> str:
        """What is said first."""
        state = self.asked.state
        model = self.asked.manner.model
        read = f"read by {model.name}" if model else "read by the grammar alone: no model takes part"
        return inert(
            f"{state.opened.name}: {state.opened.rows:,} rows, {len(state.opened.columns)} columns; {read}. "
            f"/help shows what can be asked.\n{self._budget('')}"
        )

    def reply(self, line: str) -> str:
        """What a line is answered with; an error becomes its text, and the conversation goes on.

        Whatever a name, a cell or a model's query holds, no character of it is one that a terminal obeys.
        """
        return inert(self._replied(line.strip()))

    def _replied(self, said: str) -> str:
        try:
            if said.startswith("/"):
                name, _, rest = said.partition(" ")
                if name not in self._commands:
                    raise UsageError(f"There is no command '{name}'. {', '.join(self._commands)}.")
                return self._commands[name](rest.strip())
            return self._question(said) if said else ""
        except HeldoutError as err:
            return str(err)

    def _question(self, said: str) -> str:
        pending = self.asked.answers[-1].ways if self.asked.answers else ()
        chosen = bool(pending) and said.isdigit()
        if chosen and not 1 <= int(said) <= len(pending):
            raise UsageError(f"Choose a number from 1 to {len(pending)}, or ask another question.")
        question = pending[int(said) - 1].question if chosen else said
        answer = self.asked.ask(question, chosen=bool(pending))
        return answer.to_text() + ("\nWhich one? Type its number." if answer.ways else "")

    def _last(self, kind: str, what: str) -> Answer:
        found = next((a for a in reversed(self.asked.answers) if a.kind == kind), None)
        if found is None:
            raise UsageError(f"No {what} was asked yet.")
        return found

    def _sql(self, _: str) -> str:
        fact = self._last("fact", "question of fact").fact
        return fact.sql if fact else ""

    def _rows(self, _: str) -> str:
        """The last result in full, and rows behind it that may be seen: exploration rows, which cost nothing."""
        last = next((a for a in reversed(self.asked.answers) if a.kind in _CARRIED_OUT), None)
        if last is None:
            raise UsageError("Nothing was asked yet.")
        lines, names, condition = [], (), None
        if last.fact is not None:
            lines += list(table_lines(last.fact, _PRINTED))
            names, condition = last.fact.read, last.fact.filter
        elif last.claim is not None:
            h = last.claim.hypothesis
            names = tuple(h[key] for key in ("outcome", "predictor") if h.get(key))
        known = [name for name in dict.fromkeys(names) if name in self.asked.analysed]
        if not known or self.asked.small:
            return "\n".join(lines or ["No exploration rows can be shown for it."])
        try:
            behind = self._behind(known, condition)
        except HeldoutError:  # the condition may name what exploration rows do not have, or hold a subquery
            behind = self._behind(known, None)
        return "\n".join([*lines, f"{_BEHIND} exploration rows behind it, at most (no sealed row is shown):", *behind])

    def _behind(self, names: list[str], condition: str | None) -> list[str]:
        where = f" WHERE {condition}" if condition else ""
        sql = f"SELECT {', '.join(quoted(n) for n in names)} FROM data{where} LIMIT {_BEHIND}"
        return list(table_lines(from_exploration(sql, "rows", self.asked.exploration_rows()), _BEHIND))

    def _chart(self, rest: str) -> str:
        last = next((a for a in reversed(self.asked.answers) if a.kind in _CARRIED_OUT), None)
        if last is None:
            raise UsageError("Nothing was asked yet.")
        return f"Written: {draw(last, self.asked, Path(rest or 'chart.svg'))}"

    def _verify(self, _: str) -> str:
        last = self._last("claim", "claim")
        if last.claim is None or self.asked.small:
            raise UsageError("On a table so small the one list of claims is all there is: see `heldout verify`.")
        return self.asked.verify(last.claim.hypothesis, last.question).to_text()

    def _budget(self, _: str) -> str:
        return self.asked.budget()

    def _reveal(self, _: str) -> str:
        return self.asked.reveal().to_terminal()

    def _export(self, rest: str) -> str:
        kind, _, path = rest.partition(" ")
        answers = [a for a in self.asked.answers if a.kind in _CARRIED_OUT]
        return "Written: " + ", ".join(str(p) for p in export(kind, path.strip(), answers, self.asked))

    def _quit(self, _: str) -> str:
        self.done = True
        return ""
