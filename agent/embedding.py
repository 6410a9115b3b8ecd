"""Embeddings of an OpenAI-compatible endpoint: texts as vectors, asked for in batches, each text once in its life.

Knows texts, redacted as any document that leaves the machine, and a file in the user's cache folder. Must never know a
column, a group, a key, or what vectors are for. The client library is imported by `model` alone.
"""

import sqlite3
import time as clock
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..tools.errors import UsageError
from ..tools.text.embeddings import Embedder, Kept
from ..tools.value import digest
from .folders import cache_folder
from .model_faults import ModelFault, fault
from .model_settings import ModelSettings
from .privacy import Privacy, redacted_document

LONGEST = 8_000
"""Characters of a text that are sent."""
A_CALL = 128
_CHARACTERS = 200_000
"""Characters of the texts of one call together."""
_FIRST_WAIT = 0.5
_PREFIX = "openai:"


class Endpoint:
    """The embeddings of an endpoint, cached by the digest of what is sent.

    Args:
        name: The model as the server calls it.
        base_url: Address of the server; by default OPENAI_BASE_URL, else OpenAI's own.
        timeout: Seconds for one reply.
        folder: Where vectors are kept; by default in the user's cache folder.
        say: Called with one line a call.
    """

    def __init__(
        self, name: str, *, base_url: str | None = None, timeout: float = 120, folder: Path | None = None,
        say: Callable[[str], None] | None = None,
    ) -> None:  # fmt: skip
        from .model import endpoint

        self.name, self.base_url, self.timeout = name, base_url, timeout
        self.say = say or (lambda _: None)
        url = endpoint(base_url, option="--embeddings")[1]
        # Servers call different models alike: vectors of one address are never taken for those of another.
        self.id = f"{_PREFIX}{name}" + (f"@{digest(url)[:8]}" if url else "")
        self.file = (folder or cache_folder("embeddings")) / f"{digest(self.id)[:16]}.sqlite"

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of length 1, shape (texts, dimensions); a text that shows nothing has zeros.

        Raises:
            ModelFault: if the provider fails, in one line; what it answered before is kept.
        """
        sent = [redacted_document(t, LONGEST) for t in texts]
        names = [digest(t) for t in sent]
        wanted = {name: text for name, text in zip(names, sent, strict=True) if text}
        self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with closing(sqlite3.connect(self.file, timeout=60)) as kept:
            kept.execute("CREATE TABLE IF NOT EXISTS vectors (name TEXT PRIMARY KEY, vector BLOB NOT NULL)")
            vectors = dict(_known(kept, wanted))
            missing = sorted(wanted.keys() - vectors.keys())
            batches = _batches([(name, wanted[name]) for name in missing])
            for at, batch in enumerate(batches, 1):
                found = self._asked([text for _, text in batch])
                named = {name: row.tobytes() for (name, _), row in zip(batch, found, strict=True)}
                kept.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", named.items())
                kept.commit()
                vectors |= {name: np.frombuffer(row, "<f4") for name, row in named.items()}
                self.say(f"Embedding documents: call {at} of {len(batches)}")
        width = max((len(v) for v in vectors.values()), default=0)
        if any(len(v) != width for v in vectors.values()):
            raise fault("unparsable", f"vectors of several lengths; remove {self.file.name} from the cache")
        out = np.zeros((len(texts), width), np.float32)
        for at, name in enumerate(names):
            if name in vectors:
                out[at] = vectors[name]
        return out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), np.float32(1e-12))

    def _asked(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The vectors of one request, tried again where that may help.

        Raises:
            ModelFault: if it does not.
        """
        from .model import embedded

        attempt = 0
        while True:
            try:
                rows = embedded(self.name, self.base_url, self.timeout, texts)
                return _checked(rows, len(texts))
            except ModelFault as err:
                attempt += 1
                if attempt > err.attempts:
                    raise
                clock.sleep(min(err.wait or _FIRST_WAIT * 2 ** (attempt - 1), self.timeout))


def embedder_for(
    name: str | None,
    model: ModelSettings | None,
    privacy: Privacy | None = None,
    say: Callable[[str], None] | None = None,
) -> Embedder | None:
    """The embedder that `--embeddings` names; None where it names none.

    Args:
        name: `openai:NAME`, or `local` for the model of the extra `embeddings`, which sends nothing.
        model: The language model's settings, for its address, its time and what may be told; None where there is none.
        privacy: What may be told, where that is said apart; by default as to the model, else `profile`.
        say: Called with one line a call.

    Raises:
        ModelUnavailable: if a key is needed and missing.
        UsageError: if the name cannot be read, or documents may not be sent.
    """
    if name is None:
        return None
    if name == "local":
        from ..tools.text.minilm import MiniLM

        return Kept(MiniLM(), cache_folder("local"))
    if not name.startswith(_PREFIX) or len(name) == len(_PREFIX):
        raise UsageError(f"Embeddings are `local` or those of an endpoint, openai:NAME. Got '{name[:80]}'.")
    told = model or ModelSettings("none")
    told = told if privacy is None else told._replace(privacy=privacy)
    if not told.reads:
        raise UsageError(
            f"`--embeddings {name[:80]}` sends documents to an endpoint, which privacy mode `{told.privacy}` does not "
            "allow: say `--privacy sample` (with a model also `--send-documents`), or leave `--embeddings` out."
        )
    return Endpoint(name.removeprefix(_PREFIX), base_url=told.base_url, timeout=told.timeout, say=say)


def _known(kept: sqlite3.Connection, wanted: dict[str, str]) -> Iterator[tuple[str, NDArray[np.float32]]]:
    for name in sorted(wanted):
        row = kept.execute("SELECT vector FROM vectors WHERE name = ?", (name,)).fetchone()
        if row is not None:
            yield name, np.frombuffer(row[0], "<f4")


def _batches(texts: Sequence[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    out: list[list[tuple[str, str]]] = []
    size = _CHARACTERS
    for name, text in texts:
        if not out or len(out[-1]) == A_CALL or size + len(text) > _CHARACTERS:
            out.append([])
            size = 0
        out[-1].append((name, text))
        size += len(text)
    return out


def _checked(rows: list[list[float]], n: int) -> NDArray[np.float32]:
    """The vectors as an array.

    Raises:
        ModelFault: if they are not one of one length a text, all finite.
    """
    if len(rows) != n or len({len(row) for row in rows}) != 1 or not rows[0]:
        raise fault("unparsable", "not one vector a text")
    out = np.array(rows, "<f4")
    if not np.isfinite(out).all():
        raise fault("unparsable", "vectors that are no numbers")
    return out
