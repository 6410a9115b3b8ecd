"""What the rows of a table may be called in a sentence: as its key or its own name calls them, and nothing else.

Knows names of columns and of the table. Must never know a row, or guess what a row stands for.
"""

import re
from collections.abc import Sequence

from ..tools.data.schema import Column
from ..tools.data.split import Plan
from ..tools.verify.grounding_parts import spoken

_KEY = re.compile(r"^([A-Za-z]+?)(?:[ _-]?(?:Id|ID|id|number|Number|no|nr|key|Key)|[ _-]uuid)$")
_SHORTEST = 3


def row_words(table: str, columns: Sequence[Column], plan: Plan) -> tuple[str, ...]:
    """Words for one row and for several: `customer`, `customers`; none where nothing says them.

    A column that is named as an id and has another value in every row says what a row is. Where rows do not belong to
    larger units, a table that is called by a plural says it as well (`penguins`).

    Args:
        table: Its name.
        columns: Its columns.
        plan: How it is split, which knows whether rows belong to units.
    """
    stems = [m[1].lower() for c in columns if c.distinct == c.rows and not c.missing and (m := _KEY.match(c.name))]
    words = [word for stem in stems for word in (stem, _plural(stem))]
    own = re.split(r"[^a-z]+", table.rsplit(".", 1)[0].lower())[-1]
    if plan.kind in ("row", "none") and plan.units == plan.rows and own.endswith("s") and not own.endswith("ss"):
        words.append(own)
    return tuple(dict.fromkeys(word for word in words if len(word) >= _SHORTEST and spoken(word)))


def _plural(word: str) -> str:
    if re.search(r"[^aeiou]y$", word):
        return f"{word[:-1]}ies"
    return f"{word}es" if re.search(r"(s|x|z|ch|sh)$", word) else f"{word}s"
