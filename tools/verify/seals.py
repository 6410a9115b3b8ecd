"""The seal in the ledger: recorded once, held to ever after.

Knows plans and ledger entries. Must never know rows, or what was asked of them.
"""

from ..data.split_plan import Plan
from ..errors import LedgerError
from ..value import canonical_json, counted
from .ledger import Ledger


def record_seal(ledger: Ledger, dataset: str, plan: Plan, *, beside: str | None = None) -> Plan:
    """The plan by which the data set is sealed: recorded now, or the recorded one if it agrees.

    Args:
        ledger: The ledger, locked by the caller.
        dataset: Fingerprint of the data set.
        plan: How it would be sealed.
        beside: The sha256 of the record of its rows, where there is one.

    Raises:
        LedgerError: if the data set was sealed before in another way, so that rows already explored would
            come to lie in a vault.
    """
    known = check_plan(ledger, dataset, plan)
    if known is None:
        ledger.append("seal", dataset, plan.as_json(), beside=beside)
    return known or plan


def check_plan(ledger: Ledger, dataset: str, plan: Plan) -> Plan | None:
    """The recorded plan of the data set, which must agree with this one; None where none is recorded.

    Raises:
        LedgerError: as for `record_seal`.
    """
    for entry in ledger.entries(dataset):
        if entry.kind == "seal":
            known = Plan.model_validate(entry.body)
            if known.joining is not None and known.joining != plan.joining:
                raise LedgerError(
                    "These tables were sealed before with another `--grain`, `--root` or `--link`, when it held: "
                    f"{known.reason} Sealing them otherwise now would hide rows that have been explored. Leave these "
                    "options as they were, or bring new rows."
                )
            if _frozen(known) != _frozen(plan):
                raise LedgerError(
                    f"These data were sealed before by {_by(known)}; sealing them by {_by(plan)} now would hide "
                    f"rows that have been explored. {_way(known, plan)}, or bring new rows."
                )
            return known
    return None


def _frozen(plan: Plan) -> str:
    keep = {"kind", "key", "salt", "rows", "units", "vaults", "exploration_rows"}
    return canonical_json(plan.model_dump(mode="json", include=keep))


def _by(plan: Plan) -> str:
    vaults = f" with {counted(len(plan.vaults), 'vault')}" if plan.vaults else ""
    if plan.kind in ("entity", "time"):
        return f"{plan.kind} `{plan.key or 'order of the file'}`{vaults}"
    if plan.kind == "row":
        return "rows" + vaults
    what = f"`{plan.key}`" if plan.key else "rows"
    return f"{what} ({counted(plan.units, 'unit')}, too few to split)"


def _way(known: Plan, plan: Plan) -> str:
    """The option that seals as before."""
    if (known.kind, known.key) == (plan.kind, plan.key):
        return "Leave `--one-shot` and `--keep-counts` as they were"
    if known.kind in ("entity", "time") and known.key:
        return f"Use `--{known.kind} {known.key}`"
    if known.kind == "none" and known.key:
        return f"Name `{known.key}` with `--entity` or `--time` as before"
    return "Leave out `--entity` and `--time`"
