"""Documents of a corpus in the order of years: rows for themselves, with a warning.

Knows names and counts. Must never know what a text says.
"""

from .dataset import Dataset
from .independence import Unit
from .texts import is_corpus

_DOCUMENTS_A_YEAR = 3


def in_order_of_years(data: Dataset, unit: Unit) -> Unit:
    """The unit, with a warning where the documents of a corpus stand for the years of one column, about one a year.

    They are no series of blocks: of a few dozen documents none would be left to test. What is said of the years
    themselves is a trend, which has a guard of its own; labels that change with the years have none.
    """
    if unit.kind != "row" or unit.warning is not None or not is_corpus(data):
        return unit
    for c in data.columns:
        years = c.type == "number" and c.integer and not c.levels and "year" in c.name.lower()
        if years and data.rows < _DOCUMENTS_A_YEAR * c.distinct:
            text = (
                f"There are few documents for each `{c.name}`, and documents of neighbouring years may resemble each "
                "other. A label that changes with the years may go with anything else that changed meanwhile."
            )
            return unit.model_copy(update={"warning": text})
    return unit
