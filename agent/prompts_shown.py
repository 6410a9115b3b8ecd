"""What would be sent to a language model, shown before anything is: no request, no entry in the ledger, nothing spent.

Knows the steps up to the first request. Must never send one, or open a vault.
"""

from pathlib import Path

from ..tools.data.rows import Rows
from ..tools.errors import UsageError
from ..tools.verify.sessions import sessions
from ..tools.verify.verify import burnt_rows
from .commitment import request_of, standing
from .folders import run_folder
from .looking import look_at
from .modelling import propose, request_text
from .sealing import How, Progress, left_out_of, sealed_unheld
from .summary import Settings


def prompts_shown(
    source: object, how: How, settings: Settings, ledger: str | Path | None, progress: Progress | None = None
) -> str:
    """The first request of `explain` with these settings as JSON, byte for byte what would be sent, laid out.

    Args:
        source: As for `explain`.
        how: How it is read and sealed.
        settings: With a model whose requests are only shown.
        ledger: File that records what was spent; read only.
        progress: Called with one line at the start of each stage.

    Raises:
        UsageError: if no request would be sent: no model, a table too small, or a question answered before.
    """
    if settings.modelling is None:
        raise UsageError("Without `--model` nothing is sent to anybody: there are no prompts to show.")
    say = progress or (lambda _: None)
    with run_folder() as folder:
        opened, split, book = sealed_unheld(source, how, settings, ledger, folder, say)
        plan = split.plan
        if plan.kind == "none":
            raise UsageError(
                f"With {plan.rows:,} rows the list of hypotheses follows from names and types alone: no model is asked."
            )
        request = request_of(settings, opened, closed=False)
        if standing(sessions(book, opened.fingerprint), request, settings, opened, False) is not None:
            raise UsageError("This question was answered before: its report comes from the ledger, no model is asked.")
        rows = Rows.joined([split.explore(), *burnt_rows(split, book, opened.fingerprint)])
        explored = look_at(rows, settings, say, {})
        put = propose(settings.modelling, explored, settings.focus, left_out_of(opened, split), request, say)
    return request_text(put.shown or "{}")
