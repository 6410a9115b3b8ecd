"""Airflow 3: each day's orders are reviewed before anything is built from them.

Install heldout in an environment of its own, so that its requirements do not meet those of Airflow, and name its
command in HELDOUT. The exit codes decide what a failure means: broken claims (1) and wrong use (2) fail at once, since
trying again would find the same; a delivery that could not be decided (3), which may not be there yet, is tried again.
"""

import os
import subprocess
from datetime import datetime, timedelta

from airflow.sdk import dag, task
from airflow.sdk.exceptions import AirflowException, AirflowFailException

HELDOUT = os.environ.get("HELDOUT", "heldout")
FOLDER = os.environ.get("ORDERS", "/srv/orders")


def command(day: str) -> list[str]:
    """The review of one day's partition. The same day again takes the earlier one's place in the history."""
    return [
        HELDOUT, "review", f"{FOLDER}/date={day}", "--claims", f"{FOLDER}/claims.yml", "--name", f"orders {day}",
        "--when", day, "--out", f"{FOLDER}/reports/{day}", "--quiet",
    ]  # fmt: skip


@task(retries=3, retry_delay=timedelta(minutes=20))
def review_orders(ds: str | None = None) -> str:
    """Fails where the delivery is not what was learned."""
    if ds is None:
        raise AirflowFailException("This DAG reviews the delivery of a day: run it with a logical date.")
    done = subprocess.run(command(ds), capture_output=True, text=True, check=False)
    print(done.stdout, done.stderr)
    if done.returncode in (1, 2):
        raise AirflowFailException(f"heldout review ended with {done.returncode}: see {FOLDER}/reports/{ds}")
    if done.returncode:
        raise AirflowException(f"heldout review could not decide ({done.returncode})")
    return f"{FOLDER}/reports/{ds}/review.html"


@task
def build() -> None:
    """What is made of the orders; it waits for the review."""


@dag(schedule="@daily", start_date=datetime(2026, 1, 1), catchup=False, tags=["orders"])
def orders():
    """Review, then build."""
    review_orders() >> build()


orders()
