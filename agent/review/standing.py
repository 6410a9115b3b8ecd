"""Where a delivery stands among those before it: its number, its past, and what it takes the place of.

Knows the history and a delivery's name and digest. Must never know a claim, a figure or a verdict.
"""

from typing import NamedTuple

from ...tools.review.delivery import Delivery
from ...tools.review.history import History, Reviewed
from ...tools.review.states import CALIBRATION


class Standing(NamedTuple):
    """Where a delivery stands among those before it."""

    number: int
    past: tuple[Reviewed, ...]
    """Earlier deliveries of the baseline in order, what this one supersedes left out."""
    again: Reviewed | None = None
    """The entry of the same content, where it was reviewed before."""
    supersedes: int | None = None
    learned: Reviewed | None = None
    """The learned data."""

    @property
    def calibration(self) -> int | None:
        """Which calibration delivery it is."""
        return self.number if self.number <= CALIBRATION else None


def standing_of(book: History, own: str, delivery: Delivery, name: str | None) -> Standing:
    """The delivery's number, and which deliveries count as earlier.

    Args:
        book: The history, held by the caller where the delivery is to be recorded.
        own: The baseline that deliveries are held against.
        delivery: The opened delivery.
        name: What the user calls it: a second delivery of that name takes the first one's place.
    """
    known = book.of(own)
    learned = next((e for e in known if e.number == 0), None)
    past = [e for e in known if e.number > 0]
    again = next((e for e in past if e.digest == delivery.digest), None)
    if again is not None:  # as it was judged then: what came later is no past of it
        return Standing(again.number, tuple(past[: past.index(again)]), again, again.supersedes, learned)
    earlier = next((e for e in past if name is not None and e.name == name), None)
    number = 1 + max((e.number for e in book.entries() if e.baseline == own), default=0)
    if earlier is None:
        return Standing(number, tuple(past), learned=learned)
    return Standing(number, tuple(past[: past.index(earlier)]), supersedes=earlier.number, learned=learned)
