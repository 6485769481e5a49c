"""Texts that training never sees, and what a model makes of them: nats per token with an interval."""

import numpy as np
from numpy.typing import NDArray

from evalkit.core.evidence import Evidence, Failure, Finding
from evalkit.core.seeds import generator
from evalkit.data.tokens import Tokens
from evalkit.statistics.intervals import bootstrap_interval

HELD_OUT_TOKEN = "nats a held-out token"  # noqa: S105
_BLOCK = 256
_FEW_TEXTS = 20
_MOST_TEXTS, _MOST_TOKENS = 1000, 2**17
_SHARE = 10


def hold_out(tokens: Tokens, seed: int, name: str) -> tuple[Tokens, Tokens]:
    """Training texts, and those that training never sees.

    Of twenty texts or more, one in ten, at most 1,000. Of fewer, the last tenth of each: a book's last chapters. In either case
    not more than some 130,000 tokens, so that judging does not take longer than learning.

    >>> training, held_out = hold_out(Tokens.of([list(range(30))], vocabulary_size=257), 0, "demo")
    >>> training.row(0).tolist()[-2:], held_out.row(0).tolist()
    ([26, 256], [27, 28, 29, 256])
    """
    if len(tokens) >= _FEW_TEXTS:
        order = generator(seed, name, "held out").permutation(len(tokens))[:_MOST_TEXTS]
        n_small = int((np.cumsum(tokens.lengths[order]) <= _MOST_TOKENS).sum())
        chosen = np.zeros(len(tokens), dtype=bool)
        chosen[order[: min(len(tokens) // _SHARE, max(n_small, 1))]] = True
        return tokens.take(~chosen), tokens.take(chosen)
    rows = [tokens.row(i)[:-1] for i in range(len(tokens))]
    last = [min(len(row) // _SHARE, _MOST_TOKENS // len(rows)) for row in rows]
    kept = [row[: len(row) - n] for row, n in zip(rows, last, strict=True)]
    held_out = [row[len(row) - n :] for row, n in zip(rows, last, strict=True) if n]
    return Tokens.of(kept, tokens.vocabulary_size), Tokens.of(held_out, tokens.vocabulary_size)


def some_tokens(tokens: Tokens, most: int) -> Tokens:
    """The first texts, about so many tokens in all, each cut to an eighth of that.

    >>> some_tokens(Tokens.of([[1] * 50, [2] * 3, [3] * 9], vocabulary_size=257), 16).lengths.tolist()
    [3, 3, 3]
    """
    longest = max(most // 8, 1)
    n = max(int((np.cumsum(np.minimum(tokens.lengths, longest + 1)) <= most).sum()), 1)
    return Tokens.of([tokens.row(i)[:-1][:longest] for i in range(min(n, len(tokens)))], tokens.vocabulary_size)


def per_token(
    nats: NDArray[np.float64], tokens: Tokens, *, name: str, seed: int, unit: NDArray[np.float64] | None = None
) -> Finding:
    """Mean nats of a token, the ends of texts among them.

    Tokens of one text depend on each other, so the interval is that of the texts, and of stretches of 256 tokens of long ones. It
    compares models of the same vocabulary and the same texts.

    Args:
        nats: (tokens,), in the order of ``tokens.ids``.
        tokens: the texts.
        name: of the figure.
        seed: of the interval's resampling.
        unit: (tokens,) what a token counts, to have nats per something else.
    """
    stretches = [np.arange(first, last, _BLOCK) for first, last in zip(tokens.starts[:-1], tokens.starts[1:], strict=True)]
    starts = np.concatenate([np.zeros(0, dtype=np.int64), *stretches])
    if len(starts) < 2:
        reason = f"{len(nats)} tokens were held out, and an interval needs two texts or more than {_BLOCK} tokens"
        return Failure(name=name, reason=reason, remedy="fit to at least 20 texts, or to a longer one")
    counted = np.ones(len(nats)) if unit is None else unit
    sums = np.column_stack([np.add.reduceat(each, starts) for each in (nats, counted)])
    interval = bootstrap_interval(sums, _ratio, seed=seed)
    method = f"sum over all tokens, bootstrap interval over {len(starts)} stretches of at most {_BLOCK} tokens"
    return Evidence(name=name, **interval._asdict(), direction="lower", n=len(nats), method=method, seed=seed)


def _ratio(sums: NDArray[np.float64]) -> float:
    return float(sums[:, 0].sum() / sums[:, 1].sum())
