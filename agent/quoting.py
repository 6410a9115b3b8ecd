"""Which documents a report holds: examples beside verified claims, and nothing at all where quotes are not wanted.

Knows the result and the documents that were handed out. Must never open a vault, or choose among documents.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from ..tools.data.split import SealedSplit
from ..tools.text.evaluate import Aids
from ..tools.text.summary import Point, Quote, TextSummary, Theme
from ..tools.value import canonical_json
from ..tools.verify.disclosure import BurntTexts, burnt_table, burnt_texts
from ..tools.verify.hypothesis import Hypothesis
from ..tools.verify.ledger import Ledger
from ..tools.verify.sessions import Receipt
from ..tools.verify.texts import plain_models
from .report.result import Result

WITHHELD = Quote(document="", text="")
MODELS = "text_models.json"


class Disclosed(NamedTuple):
    """What is laid beside a report once its vault is burnt."""

    files: dict[str, bytes]
    texts: BurntTexts


def disclosed(
    split: SealedSplit, book: Ledger, receipt: Receipt, claims: Sequence[Hypothesis], aids: Aids, *, quotes: bool
) -> Disclosed:
    """The rows of a burnt vault and the frozen models of themes as files, and the documents for the report.

    Args:
        split: The sealed data set.
        book: Its ledger.
        receipt: The receipt of the revealed batch.
        claims: Its claims.
        aids: Frozen models that text properties need.
        quotes: Whether documents may be handed out.
    """
    files = {"held_out.parquet": burnt_table(split, book, receipt, claims, aids, quotes=quotes)}
    models: dict[str, Any] = plain_models(claims, aids) if quotes else {}
    if models:
        files[MODELS] = canonical_json(models).encode("utf-8", "backslashreplace")
    return Disclosed(files, burnt_texts(split, book, receipt, claims, aids) if quotes else BurntTexts({}, {}))


def with_examples(result: Result, texts: BurntTexts) -> Result:
    """The result with documents beside its verified findings."""
    findings = tuple(
        f.model_copy(update={"examples": texts.examples.get(f.id, ())}) if f.outcome == "verified" else f
        for f in result.findings
    )
    return result.model_copy(update={"findings": findings, "documents": texts.digests})


def without_quotes(texts: Sequence[TextSummary]) -> tuple[TextSummary, ...]:
    """What is told of texts without a document, a piece of one, or a line that many of them share."""
    return tuple(
        text.model_copy(
            update={
                "boilerplate": (),
                "themes": text.themes.model_copy(update={"themes": tuple(_bare(t) for t in text.themes.themes)}),
                "map": tuple(Point(x=p.x, y=p.y, theme=p.theme, quote=WITHHELD) for p in text.map),
            }
        )
        for text in texts
    )


def _bare(theme: Theme) -> Theme:
    return theme.model_copy(update={"typical": (), "phrases": ()})
