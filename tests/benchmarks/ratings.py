"""Do rankings, agreement and stop rules give what is published, hold what they promise, and how fast?

    python -m tests.benchmarks.ratings --data DIR [--only NAME …] [--peers-python PATH] [--processes 1] [--json]

Reference: published figures from small tables. Crowd: the votes of LLMFAO, beside evalica and arena-rank. Coverage: how often 95 %
intervals hold the truth when raters and items have tastes of their own. Stops: how often votes without a difference are called
decided. Speed: CPU seconds and memory beyond the input, each in a process of its own. The peers' environment (``pip install evalica
arena-rank``) is named by ``--peers-python`` or EVALKIT_PEERS. Runs that are done are kept in
``tests/benchmarks/results/ratings_runs.jsonl``.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evalkit.ratings import Comparisons, agreement, rank, rank_orders, watch
from evalkit.ratings.agreement import FORMS, Labels, cohen_kappa, fleiss_kappa, icc, krippendorff_alpha
from evalkit.statistics import binomial_test, proportion_interval
from evalkit.statistics.e_values import share_log_e_values
from tests.benchmarks.figures import RESULTS, Figure, held, keep, table
from tests.benchmarks.rating_work import DRAWS, SHARE, WORK, crowd
from tests.benchmarks.runs import resume, timed

PART = "ratings"
RUNS = RESULTS / f"{PART}_runs.jsonl"
KEY = ("kind", "name", "first")
Case = Callable[[Path], tuple[Any, Any, float]]

REPLICATES, BATCH = 2000, 500
# Raters, items, votes, and whether a few raters cast most votes.
DESIGNS = {
    "40 raters, 40 items, 1,000 votes": (40, 40, 1000, False),
    "20 raters, 200 items, 1,000 votes": (20, 200, 1000, False),
    "15 raters, 15 items, 1,000 votes": (15, 15, 1000, False),
    "60 raters of whom few cast most votes, 30 items, 1,000 votes": (60, 30, 1000, True),
}
DOES = {
    ("rank", "evalkit"): "errors by rater",
    ("rank", "evalica"): "no errors",
    ("rank", "arena-rank"): "errors as if votes were independent",
    ("bootstrap", "evalica"): f"counted up from {SHARE['bootstrap']}",
    ("alpha", "evalica"): f"counted up from {SHARE['alpha']}",
}
STOPS = {"500 votes": 500, "2,000 votes": 2000}
LIMITS = {"rank": ("1,000,000 votes on 1,000 generators, ranking", 1.5, 400.0)}
LIMITS |= {"bootstrap": ("100,000 votes on 100 generators, ranking and 1,000 resamples", 2.0, None)}
LIMITS |= {"alpha": ("100,000 units by 20 raters, alpha and 1,000 resamples", 2.0, None)}


def food(data: Path) -> tuple[Any, Any, float]:
    """Bradley–Terry with ties as half wins: evalica's golden file, sum 1."""
    votes = pd.read_csv(data / "data/ratings/evalica/food.csv").rename(columns={"winner": "outcome"})
    ranking = rank(votes, ties="half", position=False)
    worth = np.exp(ranking.strengths)
    return worth / worth.sum(), [0.434289827712, 0.190600284898, 0.147976651217, 0.128153410603, 0.098979825569], 1e-6


def davidson(data: Path) -> tuple[Any, Any, float]:
    """Davidson's nu is twice the v of evalica's golden Newman fit."""
    votes = pd.read_csv(data / "data/ratings/evalica/food.csv").rename(columns={"winner": "outcome"})
    tie = rank(votes, position=False).tie_weight
    return [tie.value if tie else 0.0], [2 * 0.0786419], 1e-5


def netflix(data: Path) -> tuple[Any, Any, float]:
    """Plackett–Luce: worths, log-likelihood and standard errors of R's PlackettLuce 0.4.5."""
    films, orders, times = {}, [], []
    for line in (data / "data/ratings/plackettluce/netflix.soc").read_text().splitlines():
        head, _, tail = line.partition(": ")
        if head.startswith("# ALTERNATIVE NAME"):
            films[head.split()[-1]] = tail
        elif not line.startswith("#"):
            times.append(float(head))
            orders.append(tail.split(","))
    ranking = rank_orders(orders, weights=times, errors="model")
    ends = dict(zip(ranking.generators, ranking.intervals(anchor="1"), strict=True))
    worth = np.exp([ends[film].value for film in films])
    errors = [(ends[film].high - ends[film].value) / 1.959963985 for film in "234"]
    found = [*(worth / worth.sum()), ranking.log_likelihood, *errors]
    return found, [0.23060, 0.45123, 0.16841, 0.14977, -1746.757926, 0.074716, 0.075932, 0.074896], 1e-5


def choix(data: Path) -> tuple[Any, Any, float]:
    """Pairs, partial rankings and choices of one: the test cases of choix 0.4.1."""
    folder, found, expected = data / "data/ratings/choix", [], []
    for name in ("pairwise-1", "pairwise-2", "rankings-1", "rankings-2", "top1-1", "top1-2"):
        case = json.loads((folder / f"testcase-{name}.json").read_text())
        one = name.startswith("top1")
        orders, among = ([[a] for a, _ in case["data"]], [[a, *b] for a, b in case["data"]]) if one else (case["data"], None)
        ranking = rank_orders(orders, among=among)
        found += [value for _, value in sorted(zip(map(int, ranking.generators), ranking.strengths, strict=True))]
        expected += case["ml_est"]
    return found, expected, 1e-4


def alphas(data: Path) -> tuple[Any, Any, float]:
    """Krippendorff (2011), 4 observers and 12 units, on four scales."""
    units = pd.read_csv(data / "data/ratings/evalica/codings.csv", header=None).T
    found = [krippendorff_alpha(units, scale=scale, resamples=0).value for scale in ("nominal", "ordinal", "interval", "ratio")]
    return found, [904 / 1216, 0.815387503755, 0.849107142857, 0.797402774712], 1e-9


def alpha_interval(data: Path) -> tuple[Any, Any, float]:
    """The same, nominal: ends of the interval by resampled units."""
    units = pd.read_csv(data / "data/ratings/evalica/codings.csv", header=None).T
    return krippendorff_alpha(units, resamples=4000)[1:], [0.403, 1.0], 0.03


def correlations(data: Path) -> tuple[Any, Any, float]:
    """Shrout and Fleiss (1979), six forms."""
    ratings = pd.read_csv(data / "data/ratings/agreement/shrout_fleiss_1979.csv")
    expected = [0.165742, 0.289764, 0.714841, 0.442797, 0.620051, 0.909316]
    return [icc(ratings, form=form).value for form in FORMS], expected, 1e-5


def kappas(data: Path) -> tuple[Any, Any, float]:
    """Fleiss' kappa of 14 raters (Wikipedia) and Cohen's of two abstractors (irrCAC)."""
    folder = data / "data/ratings/agreement"
    counts = Labels.of_counts(pd.read_csv(folder / "fleiss_wikipedia_10x5.csv", header=None))
    cells = pd.read_csv(folder / "table_cont3x3abstractors.csv", index_col=0).to_numpy()
    pairs = [[i, j] for i, row in enumerate(cells) for j, times in enumerate(row) for _ in range(times)]
    return [fleiss_kappa(counts).value, cohen_kappa(pairs).value], [0.2099307, 0.7964094], 1e-6


REFERENCES: dict[str, Case] = {
    "Bradley-Terry, food": food,
    "Davidson's ties, food": davidson,
    "Plackett-Luce, Netflix": netflix,
    "Plackett-Luce, choix": choix,
    "Krippendorff's alpha, four scales": alphas,
    "Krippendorff's alpha, interval": alpha_interval,
    "intraclass correlations": correlations,
    "kappas": kappas,
}


def drawn(draw: np.random.Generator, raters: int, items: int, n: int, skewed: bool, k: int = 6) -> pd.DataFrame:
    """Votes of raters and on items that prefer differently, by half a logit each, with ties and an advantage of the left."""
    strengths, share = np.linspace(-1, 1, k), draw.pareto(1.5, raters) + 0.3
    rater = draw.choice(raters, n, p=share / share.sum()) if skewed else np.arange(n) % raters
    item, left = draw.integers(0, items, n), draw.integers(0, k, n)
    right = (left + draw.integers(1, k, n)) % k
    of_rater, of_item = draw.normal(0, 0.5, (raters, k)), draw.normal(0, 0.5, (items, k))
    worth = [strengths[side] + of_rater[rater, side] + of_item[item, side] for side in (left, right)]
    half = np.exp((worth[0] - worth[1] + 0.1) / 2)
    chances = np.column_stack([half, 1 / half, np.full(n, 0.6)])
    said = (draw.random(n)[:, None] > (chances / chances.sum(axis=1, keepdims=True)).cumsum(axis=1)).sum(axis=1)
    words = np.array(["left", "right", "tie"], dtype=object)
    return pd.DataFrame({"left": left, "right": right, "outcome": words[said], "rater": rater, "item": item})


@cache
def truth() -> dict[str, float]:
    """What the model says of a million votes, each of a rater and on an item of its own."""
    ranking = rank(drawn(np.random.default_rng(10**6), 10**6, 10**6, 10**6, False), errors="independent")
    return dict(zip(ranking.generators, ranking.strengths, strict=True))


def measure(kind: str, name: str, first: int, data: str | None, python: str | None) -> dict[str, Any]:
    """One run."""
    found, seconds = timed(lambda: _MEASURES[kind](name, first, data, python))
    return {"kind": kind, "name": name, "first": first, "cpu_seconds": seconds} | found


def _reference(name: str, first: int, data: str | None, python: str | None) -> dict[str, Any]:
    found, expected, tolerance = REFERENCES[name](Path(str(data)))
    return {"error": float(np.abs(np.subtract(found, expected)).max()), "tolerance": tolerance}


def _coverage(name: str, first: int, data: str | None, python: str | None) -> dict[str, Any]:
    expected, hits, alone = truth(), 0, 0
    for seed in range(first, first + BATCH):
        votes = Comparisons.of(drawn(np.random.default_rng(seed), *DESIGNS[name]))
        for errors in ("both", "independent"):
            ranking = rank(votes, errors=errors)  # type: ignore[arg-type]
            ends = zip(ranking.generators, ranking.intervals(), strict=True)
            inside = sum(low <= expected[each] <= high for each, (_, low, high) in ends)
            hits, alone = (hits + inside, alone) if errors == "both" else (hits, alone + inside)
    return {"hits": int(hits), "alone": int(alone), "intervals": BATCH * len(expected), "replicates": BATCH}


def _stops(name: str, first: int, data: str | None, python: str | None) -> dict[str, Any]:
    runs, votes = 4000, STOPS[name]
    wins = np.cumsum(np.random.default_rng(first).random((runs, votes)) < 0.5, axis=1).astype(np.float64)
    at = np.broadcast_to(np.arange(1.0, votes + 1), wins.shape)
    p_values = np.abs(wins - at / 2) > 1.959964 * np.sqrt(at / 4)
    stopped = (share_log_e_values(wins, at) >= np.log(20)).any(axis=1)
    won = np.random.default_rng(first + 1).random((200, 3000)) < 0.6
    after = [watch(_pair(row), "a", "b").decided_after or 3000 for row in won]
    return {
        "stopped": int(stopped.sum()),
        "peeked": int(p_values[:, 19:].any(axis=1).sum()),
        "runs": runs,
        "after": float(np.median(after)),
    }


def _pair(won: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"left": "a", "right": "b", "outcome": np.where(won, "left", "right")})


def _crowd(name: str, first: int, data: str | None, python: str | None) -> dict[str, Any]:
    votes = crowd(Path(str(data)))
    ranking = rank(votes)
    left, right = ((votes["outcome"] == side).sum() for side in ("left", "right"))
    found = agreement(Comparisons.of(votes).preferences(), seed=0)
    apart = int(ranking.separable.sum() // 2)
    return {
        "left": list(proportion_interval(int(left), int(left + right))),
        "z": float((left - right) / np.sqrt(left + right)),
        "p_value": binomial_test(int(left), int(left + right)),
        "effect": list(ranking.effects[0][1:4]),
        "alpha": [found.value, found.low, found.high] if found.status == "ok" else None,
        "apart": apart,
        "pairs": len(ranking.generators) * (len(ranking.generators) - 1) // 2,
        "votes": len(votes),
    }


def _work(name: str, first: int, data: str | None, python: str | None) -> dict[str, Any]:
    """A piece of work by one package, in a process of its own."""
    work, package = name.split(", ")
    interpreter = sys.executable if package == "evalkit" else python
    if not interpreter:
        raise SystemExit("the peers' environment is needed: --peers-python PATH or EVALKIT_PEERS=PATH")
    command = [interpreter, str(Path(__file__).with_name("rating_work.py")), work, package, *(["--data", data] if data else [])]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"OMP_NUM_THREADS": "1"})
    if done.returncode:
        raise SystemExit(f"{name} ended with status {done.returncode}: {done.stderr[-500:]}")
    line = json.loads(done.stdout.strip().splitlines()[-1])
    return {"cpu_seconds": line["cpu_seconds"], "extra_mb": line["extra_mb"], "found": line["found"]}


_MEASURES = {"reference": _reference, "coverage": _coverage, "stops": _stops, "crowd": _crowd, "work": _work}


def figures(runs: pd.DataFrame) -> Iterator[Figure]:
    """What came out, held against what is asked."""
    for kind, of in (("reference", _of_reference), ("crowd", _of_crowd), ("coverage", _of_coverage), ("stops", _of_stops)):
        for name, part in runs[runs["kind"] == kind].groupby("name", sort=False):
            yield from of(str(name), part)
    yield from _of_work(runs[runs["kind"] == "work"])


def _plain(figure: str, value: float, part: pd.DataFrame, n: int, **bars: Any) -> Figure:
    return held(PART, figure, (float(value),) * 3, n=n, seconds_cpu=float(part["cpu_seconds"].sum()), seeds=len(part), **bars)


def _of_reference(name: str, part: pd.DataFrame) -> Iterator[Figure]:
    yield _plain(f"{name}: largest difference from print", part["error"].iloc[0], part, 1, most=float(part["tolerance"].iloc[0]))


def _of_crowd(name: str, part: pd.DataFrame) -> Iterator[Figure]:
    run, seconds = part.iloc[0], {"seconds_cpu": float(part["cpu_seconds"].sum()), "seeds": 1}
    n = int(run["votes"])
    yield held(PART, "LLMFAO: share of left where one is preferred", run["left"], n=n, **seconds)
    yield _plain("LLMFAO: z of that share", run["z"], part, n)
    yield held(PART, "LLMFAO: advantage of the left in logits, errors by rater and item", run["effect"], n=n, **seconds)
    yield held(PART, "LLMFAO: Krippendorff's alpha of preferences", run["alpha"], n=n, **seconds)
    yield _plain("LLMFAO: pairs of generators that may be told apart, all at once", run["apart"], part, int(run["pairs"]))


def _of_coverage(name: str, part: pd.DataFrame) -> Iterator[Figure]:
    n, replicates = int(part["intervals"].sum()), int(part["replicates"].sum())
    seconds = {"n": replicates, "seconds_cpu": float(part["cpu_seconds"].sum()), "seeds": replicates}
    bars = {"least": 0.93, "most": 0.97} if replicates >= REPLICATES else {}
    for column, what, asked in (("hits", "errors by rater and item", bars), ("alone", "as if votes were independent", {})):
        share = float(part[column].sum() / n)
        # Intervals of one replicate are not independent: as many as there are replicates are counted.
        ends = proportion_interval(round(share * replicates), replicates)
        yield held(PART, f"{name}: intervals that hold the truth, {what}", (share, ends.low, ends.high), **seconds, **asked)


def _of_stops(name: str, part: pd.DataFrame) -> Iterator[Figure]:
    run = part.iloc[0]
    runs, rest = int(run["runs"]), {"seconds_cpu": float(part["cpu_seconds"].sum()), "seeds": 1}
    share = proportion_interval(int(run["stopped"]), runs)
    yield held(PART, f"nothing to find, looked at after each of {name}: called decided at 5 %", share, n=runs, most=0.06, **rest)
    peeked = proportion_interval(int(run["peeked"]), runs)
    yield held(
        PART, f"nothing to find, looked at after each of {name}: by plain 95 % intervals from 20 votes on", peeked, n=runs, **rest
    )
    if name == next(iter(STOPS)):
        yield _plain("win rate 0.6: median votes until it is decided (194 are planned without looking)", run["after"], part, 200)


def _of_work(runs: pd.DataFrame) -> Iterator[Figure]:
    seconds = {str(name): float(part["cpu_seconds"].median()) for name, part in runs.groupby("name")}
    extra = {str(name): float(part["extra_mb"].median()) for name, part in runs.groupby("name")}
    for work, (title, most, megabytes) in LIMITS.items():
        for name in [name for name in seconds if name.startswith(f"{work}, ")]:
            package, part = name.split(", ")[1], runs[runs["name"] == name]
            times = DRAWS / SHARE[work] if package != "evalkit" and work in SHARE else 1
            does = f" ({DOES[work, package]})" if (work, package) in DOES else ""
            ours = package == "evalkit"
            bar = {"most": most} if ours else {}
            yield _plain(f"{title}, {package}{does}: CPU seconds", seconds[name] * times, part, len(part), **bar)
            if ours and megabytes:
                yield _plain(f"{title}, {package}{does}: MB beyond the input", extra[name], part, len(part), most=megabytes)
    found = {str(run["name"]).split(", ")[1]: run["found"] for _, run in runs.iterrows() if str(run["name"]).startswith("crowd, ")}
    if "evalkit" in found:
        yield from _beside(found, runs)


def _beside(found: dict[str, Any], runs: pd.DataFrame) -> Iterator[Figure]:
    ours, part = found["evalkit"], runs[runs["name"].str.startswith("crowd, ")]
    for peer in [name for name in found if name != "evalkit"]:
        apart = max(abs(value - found[peer]["strengths"][name]) for name, value in ours["strengths"].items())
        bar = {"most": 1e-4} if peer == "evalica" else {}
        yield _plain(f"LLMFAO: largest difference of a strength from {peer}", apart, part, len(ours["strengths"]), **bar)
        if "spread" in found[peer]:
            yield _plain(f"LLMFAO, mean standard error of a strength, {peer}", found[peer]["spread"]["independent"], part, 59)
    for errors, value in ours["spread"].items():
        yield _plain(f"LLMFAO, mean standard error of a strength, evalkit, errors {errors}", value, part, 59)


def run(only: list[str], data: Path | None, python: str | None, processes: int) -> pd.DataFrame:
    """All runs that are asked for; those that were done before are read."""
    named = [("coverage", name, first) for name in DESIGNS for first in range(0, REPLICATES, BATCH)]
    named += [("stops", name, 0) for name in STOPS]
    if data is not None:
        named += [("reference", name, 0) for name in REFERENCES] + [("crowd", "LLMFAO", 0)]
    of_peers = python is not None
    for work, package in WORK:
        if (package == "evalkit" or of_peers) and (work != "crowd" or data is not None):
            named += [("work", f"{work}, {package}", repeat) for repeat in range(3 if package == "evalkit" else 1)]
    asked = [key for key in named if not only or any(part in f"{key[0]} {key[1]}" for part in only)]
    tasks = {key: (*key, None if data is None else str(data), python) for key in asked}
    return resume(
        RUNS,
        KEY,
        tasks,
        measure,
        lambda done: f"{done['kind']} {done['name']}: {done['cpu_seconds']:.0f} CPU s",
        processes=processes,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--peers-python", default=os.environ.get("EVALKIT_PEERS"))
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    made = list(figures(run(arguments.only, arguments.data, arguments.peers_python, arguments.processes)))
    keep(PART, made)
    print("\n".join(json.dumps(asdict(one)) for one in made) if arguments.json else table(made))


if __name__ == "__main__":
    main()
