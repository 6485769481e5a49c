"""One piece of work by one package, in a process of its own: ``PYTHON rating_work.py WORK PACKAGE [--data DIR]``.

Prints one line of JSON: CPU seconds and memory beyond the input, and what came out. Drawn votes and labels are the same for all.
"""

import argparse
import json
import resource
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

# What a peer is too slow for is done this often and counted up.
SHARE = {"bootstrap": 20, "alpha": 10}
DRAWS = 1000


def votes(n: int, k: int, raters: int, seed: int = 0) -> pd.DataFrame:
    """Votes with ties between k generators."""
    draw = np.random.default_rng(seed)
    strengths, left, rater = draw.normal(0, 1, k), draw.integers(0, k, n), draw.integers(0, raters, n)
    right = (left + draw.integers(1, k, n)) % k
    half = np.exp((strengths[left] - strengths[right]) / 2)
    chances = np.column_stack([half, 1 / half, np.full(n, 0.5)])
    said = (draw.random(n)[:, None] > (chances / chances.sum(axis=1, keepdims=True)).cumsum(axis=1)).sum(axis=1)
    names = np.array([f"model {i}" for i in range(k)], dtype=object)
    words = np.array(["left", "right", "tie"], dtype=object)
    return pd.DataFrame({"left": names[left], "right": names[right], "outcome": words[said], "rater": rater})


def labels(units: int, raters: int, seed: int = 0) -> np.ndarray:
    """Five ordered labels, a tenth missing."""
    draw = np.random.default_rng(seed)
    table = np.clip(np.round(draw.normal(size=(units, 1)) + draw.normal(size=(units, raters)) + 3), 1, 5)
    table[draw.random(table.shape) < 0.1] = np.nan
    return table


def crowd(data: Path) -> pd.DataFrame:
    """The votes of LLMFAO."""
    table = pd.read_csv(data / "data/ratings/llmfao/crowd-comparisons.csv")
    return table.rename(columns={"winner": "outcome", "worker": "rater", "prompt": "item"})


def inputs(work: str, data: Path | None):
    if work == "alpha":
        return labels(100_000, 20)
    if work == "crowd":
        return crowd(data)
    return votes(1_000_000, 1000, 2000) if work == "rank" else votes(100_000, 100, 500)


def evalkit_rank(table):
    from evalkit.ratings import rank

    return {"first": rank(table).generators[0]}


def evalkit_bootstrap(table):
    from evalkit.ratings import rank

    return {"spread": float(rank(table).bootstrap(draws=DRAWS).strengths.std(axis=0).mean())}


def evalkit_alpha(table):
    from evalkit.ratings.agreement import krippendorff_alpha

    found = krippendorff_alpha(table, resamples=DRAWS)
    return {"alpha": found.value, "width": found.high - found.low}


def evalkit_crowd(table):
    from evalkit.ratings import rank

    spread = {}
    for errors in ("model", "independent", "rater", "item", "both"):
        ranking = rank(table, ties="half", position=False, errors=errors)
        spread[errors] = float(ranking.standard_errors.mean())
    return {"strengths": dict(zip(ranking.generators, map(float, ranking.strengths), strict=True)), "spread": spread}


def _evalica(table):
    import evalica

    said = {"left": evalica.Winner.X, "right": evalica.Winner.Y, "tie": evalica.Winner.Draw}
    return evalica, table["left"].tolist(), table["right"].tolist(), [said[each] for each in table["outcome"]]


def evalica_rank(table):
    evalica, *columns = _evalica(table)
    return {"first": str(evalica.bradley_terry(*columns).scores.index[0])}


def evalica_bootstrap(table, draws: int = SHARE["bootstrap"]):
    evalica, *columns = _evalica(table)
    found = evalica.bootstrap(evalica.bradley_terry, *columns, n_resamples=draws, bootstrap_method="percentile", random_state=0)
    return {"names": sorted(vars(found) if hasattr(found, "__dict__") else found._fields)}


def evalica_alpha(table):
    import evalica

    found = evalica.alpha_bootstrap(pd.DataFrame(table.T), n_resamples=SHARE["alpha"], random_state=0)
    return {"alpha": float(found.alpha)}


def evalica_crowd(table):
    evalica, *columns = _evalica(table)
    scores = np.log(evalica.bradley_terry(*columns, tolerance=1e-12, limit=10_000).scores)
    return {"strengths": (scores - scores.mean()).to_dict()}


def _arena(table):
    from arena_rank.models.bradley_terry import BradleyTerry
    from arena_rank.utils.data_utils import PairDataset

    renamed = table.rename(columns={"left": "model_a", "right": "model_b", "outcome": "winner"})
    renamed["winner"] = renamed["winner"].map({"left": "model_a", "right": "model_b", "tie": "tie"}).astype(object)
    pairs = PairDataset.from_pandas(renamed.astype({"model_a": object, "model_b": object}))
    model = BradleyTerry(n_competitors=len(pairs.competitors))
    model.fit(pairs)
    return pairs, model, model.compute_ratings_and_cis(pairs)


def arena_rank(table):
    pairs, model, _ = _arena(table)
    return {"first": str(pairs.competitors[int(np.argmax(np.asarray(model.params["ratings"])))])}


def arena_crowd(table):
    pairs, model, found = _arena(table)
    strengths = np.asarray(model.params["ratings"])
    half = (np.asarray(found["rating_upper"]) - np.asarray(found["rating_lower"])) / 2
    spread = half * np.log(10) / 400 / 1.959964
    named = dict(zip(map(str, pairs.competitors), map(float, strengths - strengths.mean()), strict=True))
    return {"strengths": named, "spread": {"independent": float(spread.mean())}}


WORK: dict[tuple[str, str], Callable] = {
    ("rank", "evalkit"): evalkit_rank,
    ("rank", "evalica"): evalica_rank,
    ("rank", "arena-rank"): arena_rank,
    ("bootstrap", "evalkit"): evalkit_bootstrap,
    ("bootstrap", "evalica"): evalica_bootstrap,
    ("alpha", "evalkit"): evalkit_alpha,
    ("alpha", "evalica"): evalica_alpha,
    ("crowd", "evalkit"): evalkit_crowd,
    ("crowd", "evalica"): evalica_crowd,
    ("crowd", "arena-rank"): arena_crowd,
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("work")
    parser.add_argument("package")
    parser.add_argument("--data", type=Path)
    arguments = parser.parse_args()
    given = inputs(arguments.work, arguments.data)
    work = WORK[arguments.work, arguments.package]
    if arguments.package == "evalkit":
        import evalkit.ratings  # noqa: F401 - what is imported is not measured
    else:
        __import__("evalica" if arguments.package == "evalica" else "arena_rank.models.bradley_terry")
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    found = work(given)
    seconds = time.process_time() - started
    extra = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(json.dumps({"cpu_seconds": seconds, "extra_mb": extra, "found": found}))


if __name__ == "__main__":
    main()
