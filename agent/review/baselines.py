"""Which deliveries belong to which learned data, and where their history lies.

Knows a claims file's head and its path. Must never know a delivery or a verdict.
"""

from pathlib import Path

from ...tools.review.learned import LearnedClaims


def baseline_id(claims: LearnedClaims) -> str:
    """The data that deliveries are held against, as 16 hexadecimal digits: no edit of a claim changes it.

    A claim that was rebaselined carries its own centre and variation, so the others keep their calibration.
    """
    return claims.fingerprint[:16]


def history_of(claims: Path) -> Path:
    """The history beside a claims file: `claims.history.jsonl` for `claims.yml`."""
    return claims.with_name(f"{claims.stem}.history.jsonl")
