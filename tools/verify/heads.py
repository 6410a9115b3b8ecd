"""How far a ledger had come, remembered beside it: so that a file cut back to an earlier whole line shows.

Knows the number and the last stamp of entries, and one small file. Must never know what an entry holds.

The ledger is written first and remembered after, and this file is read before the ledger is: so an honest ledger is
never behind what is remembered, whoever is stopped where. See docs/decisions/017.
"""

from collections.abc import Sequence
from pathlib import Path

from ..errors import LedgerError, TamperedLedger
from ..value import Value, counted
from ..writing import write_whole


class Head(Value):
    """Where a ledger ended."""

    entries: int
    stamp: str


def head_file(ledger: Path) -> Path:
    """The file beside a ledger that remembers its head."""
    return ledger.with_name(ledger.name + ".head")


def remembered(ledger: Path) -> Head | None:
    """What stands beside a ledger; None where nothing does, as beside one that an earlier version wrote or a copy.

    Raises:
        TamperedLedger: if it is no head.
        LedgerError: if it cannot be read.
    """
    file = head_file(ledger)
    try:
        raw = file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as err:
        raise LedgerError(f"'{file}' cannot be read ({err.strerror}). Make it readable.") from err
    try:
        head = Head.model_validate_json(raw)
    except ValueError as err:
        raise TamperedLedger(f"'{file}' was edited: it is no head of a ledger. Restore it from a copy.") from err
    return head


def remember(ledger: Path, head: Head) -> None:
    """Write down how far a ledger has come, once its entry is on the disk.

    Raises:
        OSError: if it cannot be written; what was remembered before stands.
    """
    write_whole(head_file(ledger), head.canonical().encode("utf-8") + b"\n")


def check_head(ledger: Path, head: Head | None, stamps: Sequence[str]) -> None:
    """Hold a ledger's entries, by their stamps, to what was remembered before they were read.

    Raises:
        TamperedLedger: if an entry that was remembered is missing, or is another.
    """
    if head is None or head.entries < 1 or stamps[head.entries - 1 : head.entries] == [head.stamp]:
        return
    name = head_file(ledger).name
    if len(stamps) < head.entries:
        what = f"was rolled back: it holds {counted(len(stamps), 'entry', 'entries')}, and '{name}' beside it remembers"
        what = f"{what} {head.entries}"
    else:
        what = f"was replaced: entry {head.entries - 1} is not the one that '{name}' beside it remembers"
    raise TamperedLedger(
        f"Ledger '{ledger}' {what}. Restore the file from a copy, or start a new ledger with `--ledger FILE` on new "
        "rows."
    )
