"""Do the statistics of votes say what published fits say, do their intervals hold, and how long do they take?

    python -m tests.benchmarks.ratings --data DIR [--only NAME …] [--processes 1] [--json]

``--data`` is a folder with ``data/ratings``: published tables, and LLMFAO's human votes. Coverage: votes of raters and on items
with tastes of their own; the truth is what endless raters and items would give. A peer, evalica, is measured in the environment
that ``EVALKIT_PEERS`` names, if it does. Runs that are done are kept in ``tests/benchmarks/results/ratings_runs.jsonl``.
"""

import argparse
import json
import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evalkit.core.evidence import Evidence
from evalkit.ratings import Comparisons, agreement, rank, rank_orders, true_labels
from evalkit.statistics import proportion_interval
from evalkit.statistics.e_values import share_log_e_values
from tests.benchmarks.figures import RESULTS, Figure, held, keep, table
from tests.benchmarks.runs import resume, timed

PART = "ratings"
RUNS = RESULTS / f"{PART}_runs.jsonl"
KEY = ("task", "first", "replicates")
REPLICATES, BATCH = 2000, 250
STOPS, LONGEST = 4000, 2000
Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


# Reference cases: the largest deviation from what was published.


def food(data: Path) -> float:
    """evalica's golden file: Bradley–Terry with ties as half wins, worths that add up to 1."""
    votes = pd.read_csv(data / "evalica/food.csv").rename(columns={"winner": "outcome"})
    ranking = rank(votes, ties="half", position=False, both_bad="tie", errors="model")
    worth = dict(zip(ranking.generators, np.exp(ranking.strengths) / np.exp(ranking.strengths).sum(), strict=True))
    ours = [worth[name] for name in ("Tacos", "Sushi", "Burger", "Pasta", "Pizza")]
    return float(np.abs(np.array(ours) - [0.434289827712, 0.190600284898, 0.147976651217, 0.128153410603, 0.098979825569]).max())


def netflix(data: Path) -> float:
    """R's PlackettLuce: worths of four films and their errors."""
    rows, vote = [], 0
    for line in (data / "plackettluce/netflix.soc").read_text().splitlines():
        if not line.startswith("#"):
            times, order = line.split(":")
            for _ in range(int(times)):
                rows += [(vote, name.strip(), place) for place, name in enumerate(order.split(","), 1)]
                vote += 1
    ranking = rank_orders(pd.DataFrame(rows, columns=["vote", "generator", "rank"]), errors="model")
    worth = np.exp([ranking.strengths[ranking.place(name)] for name in "1234"])
    ends = dict(zip(ranking.generators, ranking.intervals(anchor="1"), strict=True))
    errors = [(ends[name].high - ends[name].low) / 2 / 1.959964 for name in "234"]
    published = [0.23060, 0.45123, 0.16841, 0.14977, 0.074716, 0.075932, 0.074896]
    return float(np.abs(np.array([*(worth / worth.sum()), *errors]) - published).max())


def choix(data: Path) -> float:
    """choix's own test cases: pairs, rankings and choices."""
    most = 0.0
    for path in sorted((data / "choix").glob("testcase-*.json")):
        case = json.loads(path.read_text())
        rows = []
        for vote, ballot in enumerate(case["data"]):
            chosen, rest = (ballot[0], ballot[1]) if "top1" in path.name else (None, None)
            if chosen is not None:
                rows += [(vote, str(chosen), 1), *((vote, str(one), 2) for one in rest)]
            else:
                rows += [(vote, str(one), place) for place, one in enumerate(ballot, 1)]
        ranking = rank_orders(pd.DataFrame(rows, columns=["vote", "generator", "rank"]), errors="model")
        ours = [ranking.strengths[ranking.place(str(i))] for i in range(case["n_items"])]
        most = max(most, float(np.abs(np.array(ours) - case["ml_est"]).max()))
    return most


def value(found: Any) -> float:
    """Of Evidence."""
    assert isinstance(found, Evidence), found
    return found.value


def krippendorff(data: Path) -> float:
    """Four coders, twelve units, Krippendorff 2004: four scales."""
    units = pd.read_csv(data / "evalica/codings.csv", header=None).T
    expected = {"nominal": 0.743421052632, "ordinal": 0.815387503755, "interval": 0.849107142857, "ratio": 0.797402774712}
    return max(abs(value(agreement(units, scale=scale)) - alpha) for scale, alpha in expected.items())


def interval_of_alpha(data: Path) -> float:
    """The same table's interval by resampling units: .403 to 1.0 in 2,000 draws."""
    units = pd.read_csv(data / "evalica/codings.csv", header=None).T
    found = agreement(units, seed=0)
    assert isinstance(found, Evidence)
    return max(abs(found.low - 0.403), abs(found.high - 1.0))


def shrout_fleiss(data: Path) -> float:
    """The six intraclass correlations of Shrout and Fleiss 1979."""
    judged = pd.read_csv(data / "agreement/shrout_fleiss_1979.csv")
    published = [0.165742, 0.289764, 0.714841, 0.442797, 0.620051, 0.909316]
    forms = ("ICC1", "ICC2", "ICC3", "ICC1k", "ICC2k", "ICC3k")
    ours = [value(agreement(judged, coefficient="icc", form=form)) for form in forms]
    return float(np.abs(np.array(ours) - published).max())


def fleiss(data: Path) -> float:
    """The article's table of 14 raters, 10 subjects and 5 categories."""
    counts = pd.read_csv(data / "agreement/fleiss_wikipedia_10x5.csv", header=None).to_numpy(dtype=int)
    labels = [np.repeat(np.arange(5), row).astype(str) for row in counts]
    return abs(value(agreement(pd.DataFrame(labels), coefficient="fleiss")) - 0.2099307)


def dawid_skene(data: Path) -> float:
    """crowd-kit's toy tasks: share of labels that differ from the truth."""
    said = pd.read_csv(data / "crowdkit/toy_ysda.csv").rename(columns={"worker": "rater", "task": "unit"})
    truth = pd.read_csv(data / "crowdkit/toy_ysda_truth.csv").set_index("task")["label"]
    found = true_labels(said).labels
    ours = found.set_index("unit")["label"] if "unit" in getattr(found, "columns", ()) else found
    return float(np.mean([ours[task] != label for task, label in truth.items()]))


CASES: dict[str, tuple[Callable[[Path], float], float]] = {
    "food, Bradley-Terry with half ties": (food, 1e-6),
    "Netflix, Plackett-Luce with errors": (netflix, 5e-6),
    "choix, rankings and choices": (choix, 1e-4),
    "Krippendorff's four coders, four scales": (krippendorff, 1e-9),
    "Krippendorff's four coders, interval": (interval_of_alpha, 0.03),
    "Shrout and Fleiss, six correlations": (shrout_fleiss, 1e-5),
    "Fleiss, fourteen raters": (fleiss, 1e-6),
    "Dawid-Skene, toy tasks: share wrong": (dawid_skene, 0.0),
}


# People's votes on 59 language models.


def llmfao(data: Path) -> dict[str, float]:
    """The position effect, agreement, and how much wider honest errors are than those of votes taken as independent."""
    raw = pd.read_csv(data / "llmfao/crowd-comparisons.csv")
    votes = raw.rename(columns={"worker": "rater", "prompt": "item", "winner": "outcome"})[
        ["rater", "item", "left", "right", "outcome"]
    ]
    ranking, alone = rank(votes), rank(votes, errors="independent")
    both = rank(votes, errors="rater")
    sides = ranking.effects[0]
    decided = votes["outcome"].isin(["left", "right"])
    left = float((votes.loc[decided, "outcome"] == "left").mean())
    n = int(decided.sum())
    return {
        "left": left,
        "left_z": float((left - 0.5) / np.sqrt(0.25 / n)),
        "left_logits": sides.value,
        "left_logits_z": sides.z,
        "alpha": value(agreement(Comparisons.of(votes).preferences())),
        "wider_by_rater": float(np.mean(both.standard_errors / alone.standard_errors)),
        "separable": float(ranking.separable[np.triu_indices(len(ranking.generators), 1)].mean()),
    }


# Coverage.

SCENARIOS = {
    "40 raters, 40 items": (40, 40, 1200, 0.6, 0.6),
    "60 raters, every vote on an item of its own": (60, 10**6, 1200, 0.8, 0.0),
    "25 raters, 100 items": (25, 100, 1500, 0.4, 0.4),
}
K = 6


def voted(raters: int, items: int, n: int, taste: float, favour: float, draw: np.random.Generator) -> pd.DataFrame:
    """Votes with a left side worth 0.2, ties, and tastes of raters and items for each generator."""
    rater, item = draw.integers(raters, size=n), draw.integers(items, size=n) if items < n else np.arange(n)
    rater = np.arange(n) % raters if raters < n else np.arange(n)
    of_rater, of_item = draw.normal(0, taste, (rater.max() + 1, K)), draw.normal(0, favour, (item.max() + 1, K))
    left = draw.integers(K, size=n)
    right = (left + draw.integers(1, K, size=n)) % K
    strength = 0.3 * np.arange(K) + of_rater[rater] + of_item[item]
    lead = strength[np.arange(n), left] - strength[np.arange(n), right] + 0.2
    half, nu = np.exp(lead / 2), 0.5
    chances = np.stack([half, 1 / half, np.full(n, nu)], axis=1)
    chosen = (draw.random(n)[:, None] > np.cumsum(chances / chances.sum(axis=1, keepdims=True), axis=1)).sum(axis=1)
    outcome = np.array(["left", "right", "tie"])[np.minimum(chosen, 2)]
    names = np.array([f"g{i}" for i in range(K)])
    return pd.DataFrame({"rater": rater, "item": item, "left": names[left], "right": names[right], "outcome": outcome})


@cache
def truth(taste: float, favour: float) -> Array:
    """What endless raters and items would give: each vote of a rater and on an item of its own."""
    endless = 600_000
    ranking = rank(voted(endless, endless, endless, taste, favour, np.random.default_rng(10**6)), errors="model")
    return np.array([ranking.strengths[ranking.place(f"g{i}")] for i in range(K)])


def coverage(scenario: str, first: int, replicates: int) -> dict[str, int]:
    """How many of the intervals hold the truth; of the clustered ones and of those of independent votes."""
    raters, items, n, taste, favour = SCENARIOS[scenario]
    aim, held_by = truth(taste, favour), {"clustered": 0, "independent": 0}
    for seed in range(first, first + replicates):
        votes = voted(raters, items, n, taste, favour, np.random.default_rng(seed))
        for errors in ("clustered", "independent"):
            ranking = rank(votes, errors="independent" if errors == "independent" else "both" if items < n else "rater")
            ends = dict(zip(ranking.generators, ranking.intervals(), strict=True))
            held_by[errors] += sum(bool(ends[f"g{i}"].low <= aim[i] <= ends[f"g{i}"].high) for i in range(K))
    return held_by


def stops(first: int, replicates: int) -> dict[str, int]:
    """How many runs of equally good generators are called decided when looked at after every vote."""
    n = np.arange(1.0, LONGEST + 1)
    false = 0
    for seed in range(first, first + replicates):
        wins = np.cumsum(np.random.default_rng(seed).random(LONGEST) < 0.5).astype(np.float64)
        false += int((share_log_e_values(wins, n) >= np.log(1 / 0.05)).any())
    return {"false": false}


# Speed.


def many_votes(n: int, k: int, raters: int) -> pd.DataFrame:
    """Votes whose raters and generators are numbers, as a store gives them."""
    draw = np.random.default_rng(0)
    left = draw.integers(k, size=n)
    right = (left + draw.integers(1, k, size=n)) % k
    strength = draw.normal(0, 0.5, k)
    chance = 1 / (1 + np.exp(strength[right] - strength[left]))
    won = np.where(draw.random(n) < 0.2, "tie", np.where(draw.random(n) < chance, "left", "right"))
    return pd.DataFrame({"rater": draw.integers(raters, size=n), "left": left, "right": right, "outcome": won})


def peak() -> float:
    """Of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def speed(what: str) -> dict[str, float]:
    """CPU seconds, and memory beyond the input in MB."""
    if what == "Bradley-Terry with errors by rater, 1,000,000 votes, 1,000 generators":
        votes = Comparisons.of(many_votes(1_000_000, 1000, 10_000))
        before = peak()
        seconds = min(timed(lambda: rank(votes, errors="rater"))[1] for _ in range(3))
        return {"seconds": seconds, "memory": peak() - before}
    if what == "1,000 bootstrap draws, 100,000 votes, 100 generators":
        ranking = rank(many_votes(100_000, 100, 1000), errors="rater")
        return {"seconds": min(timed(lambda: ranking.bootstrap(draws=1000))[1] for _ in range(3))}
    draw = np.random.default_rng(0)
    labels = pd.DataFrame(draw.integers(5, size=(100_000, 20)))
    return {"seconds": min(timed(lambda: agreement(labels))[1] for _ in range(3))}


SPEEDS = {
    "Bradley-Terry with errors by rater, 1,000,000 votes, 1,000 generators": 1.5,
    "1,000 bootstrap draws, 100,000 votes, 100 generators": 2.0,
    "Krippendorff's alpha with 1,000 resamples, 100,000 units, 20 raters": 2.0,
}
_PEER = """
import json, time
import numpy as np, pandas as pd, evalica
draw = np.random.default_rng(0)
n, k = 100_000, 100
left = draw.integers(k, size=n); right = (left + draw.integers(1, k, size=n)) % k
won = draw.choice([evalica.Winner.X, evalica.Winner.Y, evalica.Winner.Draw], size=n, p=[.4, .4, .2])
started = time.process_time()
votes = list(map(str, left)), list(map(str, right)), list(won)
evalica.bootstrap(evalica.bradley_terry, *votes, n_resamples=20, bootstrap_method="percentile")
print(json.dumps({"draw": (time.process_time() - started) / 20}))
"""


def peer() -> dict[str, float]:
    """evalica's CPU seconds for one bootstrap draw of 100,000 votes."""
    done = subprocess.run([os.environ["EVALKIT_PEERS"], "-c", _PEER], check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def measure(task: str, first: int, replicates: int, data: str) -> dict[str, Any]:
    """One run."""
    folder = Path(data) / "data/ratings"

    def work() -> dict[str, Any]:
        if task in CASES:
            return {"deviation": CASES[task][0](folder)}
        if task in SPEEDS:
            return speed(task)
        if task == "evalica":
            return peer()
        if task == "LLMFAO":
            return llmfao(folder)
        return stops(first, replicates) if task == "stops" else coverage(task, first, replicates)

    found, seconds = timed(work)
    return {"task": task, "first": first, "replicates": replicates, "cpu_seconds": seconds, **found}


def figures(runs: pd.DataFrame) -> Iterator[Figure]:
    """Deviations, shares with exact intervals, seconds."""
    for task, part in runs.groupby("task", sort=False):
        n, one = int(part["replicates"].sum()), part.iloc[0]
        kept = partial(held, PART, seconds_cpu=float(part["cpu_seconds"].sum()), seeds=n)
        if task in CASES:
            yield kept(f"{task}: largest deviation", (float(one["deviation"]),) * 3, n=1, most=CASES[str(task)][1])
        elif task in SPEEDS:
            yield kept(f"{task}: CPU seconds", (float(one["seconds"]),) * 3, n=3, most=SPEEDS[str(task)])
            if one.notna().get("memory", False):
                yield kept(f"{task}: MB beyond the input", (float(one["memory"]),) * 3, n=3, most=400)
        elif task == "evalica":
            yield kept(
                "evalica: CPU seconds for one bootstrap draw, 100,000 votes, 100 generators", (float(one["draw"]),) * 3, n=20
            )
        elif task == "LLMFAO":
            for name, words in _LLMFAO.items():
                yield kept(f"LLMFAO, {words}", (float(one[name]),) * 3, n=8931)
        elif task == "stops":
            found = proportion_interval(int(part["false"].sum()), n)
            yield kept(
                "equal generators called decided, looked at after each of 2,000 votes",
                found,
                n=n,
                most=0.06 if n >= STOPS else None,
            )
        else:
            bars = {"least": 0.93, "most": 0.97} if n >= REPLICATES else {}
            clustered, alone = (proportion_interval(int(part[name].sum()), n * K) for name in ("clustered", "independent"))
            yield kept(f"{task}: clustered interval holds the truth", clustered, n=n, **bars)
            yield kept(f"{task}: interval of independent votes holds the truth", alone, n=n)


_LLMFAO = {
    "left": "left preferred in decided votes",
    "left_z": "its z",
    "left_logits": "left side in the model, logits, taken out",
    "left_logits_z": "its z, by raters and items",
    "alpha": "Krippendorff's alpha",
    "wider_by_rater": "errors by rater over those of independent votes",
    "separable": "pairs of models that votes separate",
}


def run(data: str | None, only: list[str], processes: int) -> pd.DataFrame:
    """All runs that are asked for; those that were done before are read."""
    tasks: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    sizes = dict.fromkeys(CASES, (1, 1)) | {"LLMFAO": (1, 1)} if data else {}
    sizes |= dict.fromkeys(SPEEDS, (1, 1)) | {"stops": (STOPS, 2000)} | dict.fromkeys(SCENARIOS, (REPLICATES, BATCH))
    sizes |= {"evalica": (1, 1)} if "EVALKIT_PEERS" in os.environ else {}
    for task, (count, batch) in sizes.items():
        for first in range(0, count, batch) if not only or any(part in task for part in only) else ():
            tasks[task, first, batch] = (task, first, batch, data or "")
    return resume(RUNS, KEY, tasks, measure, _told, processes=processes)


def _told(run: dict[str, Any]) -> str:
    return f"{run['task']}, {run['first']} + {run['replicates']}: {run['cpu_seconds']:.1f} CPU s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data")
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    made = list(figures(run(arguments.data, arguments.only, arguments.processes)))
    keep(PART, made)
    print("\n".join(json.dumps(asdict(one)) for one in made) if arguments.json else table(made))


if __name__ == "__main__":
    main()
