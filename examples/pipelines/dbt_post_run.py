"""After dbt: each model that was built and has a claims file is reviewed where it lies in the warehouse.

    dbt build && python dbt_post_run.py

Claims lie beside the project as claims/MODEL.yml, written by `heldout learn`, each with its history, which must be kept
from run to run. WAREHOUSE says where the models are: a
DuckDB file, or an address such as 'postgresql://${DBT_USER}:${DBT_PASSWORD}@db/analytics', in single quotes: heldout
alone puts the secrets in. Exit code: the largest of the reviews; 3 where nothing was reviewed, since an empty run is no
success; 2 where dbt left no artifacts or heldout is not there, since 1 is kept for what the data show.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

HELDOUT = os.environ.get("HELDOUT", "heldout")
WRONG_USE, NOTHING = 2, 3


def built(target: Path) -> list[dict[str, str]]:
    """The models of the last run that were built, from dbt's own artifacts."""
    results = json.loads((target / "run_results.json").read_text(encoding="utf-8"))["results"]
    nodes = json.loads((target / "manifest.json").read_text(encoding="utf-8"))["nodes"]
    done = [r["unique_id"] for r in results if r["status"] == "success" and r["unique_id"].startswith("model.")]
    return [nodes[name] for name in done]


def command(model: dict[str, str], claims: Path, warehouse: str) -> list[str]:
    """The review of one model's table or view."""
    table = f"{model['schema']}.{model['alias']}" if warehouse.startswith("postgresql:") else model["alias"]
    return [
        HELDOUT, "review", warehouse, "--table", table, "--claims", str(claims), "--quiet", "--out",
        f"target/review/{model['name']}",
    ]  # fmt: skip


def main() -> int:
    """Review what was built."""
    warehouse = os.environ.get("WAREHOUSE", "warehouse.duckdb")
    codes = []
    for model in built(Path("target")):
        claims = Path("claims") / f"{model['name']}.yml"
        if claims.exists():
            print(f"Reviewing {model['name']}", flush=True)
            codes.append(subprocess.run(command(model, claims, warehouse), check=False).returncode)
    if not codes:
        print("No model that was built has a file in claims/: nothing was reviewed.", file=sys.stderr)
    return max(codes, default=NOTHING)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, ValueError, KeyError) as err:
        print(f"Nothing was reviewed: {err!r}. Run this in the project's folder, after dbt build.", file=sys.stderr)
        sys.exit(WRONG_USE)
