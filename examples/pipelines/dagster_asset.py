"""Dagster: a blocking check on an asset, so that nothing downstream is built from a broken delivery.

One check for the whole review, its counts and page as metadata: Dagster's pages are made for some fifty checks an
asset. A warning fails the check with severity WARN, which stops nothing. Exit codes 2 to 4 are failures of the review
itself and say nothing of the data; only 3, where the delivery may not be there yet, is worth another try.
"""

import json
import os
import subprocess

import dagster as dg

HELDOUT = os.environ.get("HELDOUT", "heldout")
FOLDER = os.environ.get("ORDERS", "/srv/orders")


@dg.asset
def orders() -> None:
    """Writes FOLDER/orders.parquet."""


def command() -> list[str]:
    """The review of the file that the asset wrote."""
    return [
        HELDOUT, "review", f"{FOLDER}/orders.parquet", "--claims", f"{FOLDER}/claims.yml", "--out", f"{FOLDER}/review",
        "--json", "--quiet",
    ]  # fmt: skip


@dg.asset_check(asset=orders, blocking=True)
def orders_are_as_learned() -> dg.AssetCheckResult:
    """Holds the asset to claims.yml."""
    done = subprocess.run(command(), capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise dg.Failure(
            f"heldout review ended with {done.returncode}: {done.stderr}", allow_retries=done.returncode == 3
        )
    review = json.loads(done.stdout)
    return dg.AssetCheckResult(
        passed=review["outcome"] in ("clean", "skipped"),
        severity=dg.AssetCheckSeverity.ERROR if done.returncode else dg.AssetCheckSeverity.WARN,
        description=review["message"],
        metadata={
            "errors": review["counts"]["errors"],
            "warnings": review["counts"]["warnings"],
            "holds": review["counts"]["holds"],
            "page": dg.MetadataValue.path(f"{FOLDER}/review/review.html"),
        },
    )


defs = dg.Definitions(assets=[orders], asset_checks=[orders_are_as_learned])
