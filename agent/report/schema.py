"""The JSON schema of `report.json`, generated from the result's fields.

Knows the result's class. Must never be edited by hand in its generated form: `schema.json` beside this file is what
`schema_text` returns, which a test holds.
"""

import json
from importlib.resources import files

from .result import SCHEMA_VERSION, Result


def schema_text() -> str:
    """The JSON schema (draft 2020-12) as text with sorted keys, as it stands in `schema.json`."""
    schema = Result.model_json_schema(mode="serialization")
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = f"heldout report, schema version {SCHEMA_VERSION}"
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def stored_schema() -> str:
    """The text of the `schema.json` that is part of the package."""
    return (files(__package__ or __name__) / "schema.json").read_text("utf-8")
