"""The JSON schemas of `review.json` and of `claims.yml`, generated from the fields of their values.

Knows both classes. Must never be edited by hand in its generated form: `review.schema.json` and `claims.schema.json`
beside this file are what `schema_texts` returns, which a test holds.
"""

import json
from importlib.resources import files
from typing import Any

from ....tools.review.learned import CLAIMS_VERSION, LearnedClaims
from ..result import REVIEW_VERSION, Review

_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def schema_texts() -> dict[str, str]:
    """Both JSON schemas (draft 2020-12) as text with sorted keys, by the name of their file."""
    review = Review.model_json_schema(mode="serialization")
    review["title"] = f"heldout review, schema version {REVIEW_VERSION}"
    claims = LearnedClaims.model_json_schema(mode="validation")
    claims["title"] = f"heldout claims, schema version {CLAIMS_VERSION}"
    del claims["$defs"]["LearnedClaim"]["properties"]["line"]  # where an entry stands is read, never written
    return {"claims.schema.json": _text(claims), "review.schema.json": _text(review)}


def stored_schema(name: str) -> str:
    """The text of `review.schema.json` or `claims.schema.json` as it is part of the package."""
    return (files(__package__ or __name__) / name).read_text("utf-8")


def _text(schema: dict[str, Any]) -> str:
    schema["$schema"] = _DRAFT
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
