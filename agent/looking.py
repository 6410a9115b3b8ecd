"""What exploration rows show in one pass: structure, profile, checks, segments, texts and leads; and stages timed.

Knows exploration rows and settings. Must never know a vault, a claim or a verdict.
"""

import time as clock
from collections.abc import Iterator
from contextlib import contextmanager

from ..tools.data.rows import Rows
from ..tools.explore.profile import profile_rows
from ..tools.explore.quality import find_quality
from ..tools.explore.scan import scan_pairs
from ..tools.explore.structure import find_structure
from ..tools.explore.texts import read_texts
from ..tools.value import counted
from .propose_segments import segments_of
from .sealing import Progress
from .summary import Explored, Settings


def look_at(rows: Rows, settings: Settings, say: Progress, timing: dict[str, float]) -> Explored:
    """What exploration rows show: structure, profile and leads."""
    with timed(timing, "explore"):
        say(f"Exploring {counted(rows.n, 'row')}")
        structure = find_structure(rows)
        profile = profile_rows(rows)
        quality = find_quality(rows, structure)
        segments = segments_of(rows, structure, settings.focus)
        rows, aids, texts = read_texts(rows, settings.embedder)
        leads = scan_pairs(rows, threads=settings.threads)
        return Explored(rows, profile, leads, structure, segments, quality, aids, texts)


@contextmanager
def timed(timing: dict[str, float], stage: str) -> Iterator[None]:
    """Add the seconds of what is done within it to a stage."""
    start = clock.perf_counter()
    try:
        yield
    finally:
        timing[stage] = timing.get(stage, 0.0) + clock.perf_counter() - start
