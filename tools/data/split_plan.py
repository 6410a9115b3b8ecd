"""How one data set is divided, as a value: what the ledger keeps of a seal.

Knows kinds of units, counts and shares. Must never know a row, or what will be tested.
"""

from typing import Any, Literal

from ..value import Value

SMALL = 200
"""Under this many units nothing is split: a closed family is tested on all rows. Of a corpus fewer are split."""
TINY = 40
"""Under this many units nothing is tested; a corpus of so many documents is split."""
ONE_VAULT_UNDER = 1_000
"""With fewer held-out units than this there is one vault."""
MIN_BLOCKS = 40
SHARES = (0.6, 0.2, 0.2)
"""What each of three vaults has of the sealed units, and of the error budget."""


class VaultPlan(Value):
    """One portion of the sealed rows and its share of the error budget."""

    number: int
    rows: int
    units: int
    weight: float


class Lineage(Value):
    """What is known of the units of a data set that were sealed before, as part of another one."""

    dataset: str
    """Fingerprint of the data set that most of them are known from."""
    name: str
    """What that was called."""
    origin: str
    """Fingerprint of the data set whose seal began this generation of vaults: its own where the vaults are new."""
    generation: int
    """How many generations of vaults these rows have seen, from 1; each has one error budget."""
    known: int
    """Units that were sealed before."""
    new: int
    """Units that were not."""
    waiting: int
    """Units that nothing has looked at and that are too few for a vault: they lie on neither side."""
    needed: int
    """New units from which they make vaults of their own."""
    earlier: int
    """Discoveries of this generation that were made under the names of its earlier data sets."""

    @property
    def why_so_many(self) -> str:
        """Why more new units are needed than a table of its own needs; empty where they are not."""
        if self.needed <= SMALL:
            return ""
        return ", since rows that were seen are missing here and may be among the new ones, changed"


class Plan(Value):
    """How one data set is divided; the ledger keeps it, so that it cannot be divided twice."""

    kind: Literal["row", "entity", "time", "none"]
    key: str | None
    salt: str
    reason: str
    units: int
    rows: int
    exploration_rows: int
    exploration_share: float
    vaults: tuple[VaultPlan, ...] = ()
    block: str | None = None
    """For time: what one block is, such as `week` or `130 rows`."""
    copies: int = 0
    """Rows that repeat an earlier row and were set aside, so that no row counts twice."""
    gap_rows: int = 0
    """For time: rows between exploration and vault that belong to neither."""
    near_copies: int = 0
    """Rows whose text nearly repeats an earlier row's and that were set aside for the same reason."""
    warning: str | None = None
    joining: str | None = None
    """For several tables: digest of the grain and its way to the root. Two grains may have as many rows and units."""
    lineage: Lineage | None = None
    """Where rows of these data were sealed before, as part of another data set: of which, and what became of them."""

    def as_json(self) -> dict[str, Any]:
        """As of every value, but without `joining` where there is only one table, no near-copies and no known rows."""
        whole = super().as_json()
        absent = [n for n, none in (("joining", None), ("near_copies", 0), ("lineage", None)) if whole[n] == none]
        return {k: v for k, v in whole.items() if k not in absent}
