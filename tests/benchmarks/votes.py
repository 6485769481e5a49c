"""Is a vote ever lost, and does a rater ever wait?

    python -m tests.benchmarks.votes [--only NAME …] [--again] [--json]

Real SQLite files and real PostgreSQL servers, killed raters and killed servers, system calls, twenty raters in a browser. Counts
must hold on any machine. Times were taken on two cores that others used as well; the load before a trial is kept beside them in
``tests/benchmarks/results/votes_runs.jsonl``, where trials that are done are kept. Needs strace and Chromium.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from tests.benchmarks.figures import README, RESULTS, Figure, held, keep, table
from tests.benchmarks.runs import lines, resume
from tests.benchmarks.votes_trials import TRIALS

RUNS = RESULTS / "votes_runs.jsonl"
KEY = ("trial",)


def measure(trial: str) -> dict[str, Any]:
    """One trial in a process of its own, which may start others."""
    command = [sys.executable, "-m", "tests.benchmarks.votes_trials", trial]
    environment = os.environ | {"PYTHONPATH": str(README.parent)}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=README.parent, env=environment)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def figures(runs: pd.DataFrame) -> Iterator[Figure]:
    """What each trial is held against; counts of what must not happen come first."""
    for run in lines(runs):
        one = partial(_figure, run)
        for what, words in NEVER.items():
            if what in run:
                yield one(words, run[what], most=0)
        if "digests" in run:
            yield one("different rankings from 4 orders", run["digests"], most=1)
        if "acknowledged_per_second" in run:
            yield one("acknowledgements a second", run["acknowledged_per_second"])
            yield one("median milliseconds of a submit", run["p50"])
            yield one("99 % of submits within milliseconds", run["p99"])
        if "reached" in run:
            yield one("votes that were stored although their rater was killed first", run["reached"])
        if "app_cpu" in run:
            yield one("median CPU milliseconds to refresh after a vote, as in the app", *_quartiles(run["app_cpu"]), most=100)
            yield one("median milliseconds to refresh after a vote, as in the app", *_quartiles(run["app_wall"]), most=100)
            yield one("median CPU milliseconds to refresh after a vote, in a plain process", *_quartiles(run["plain_cpu"]))
        if "cpu" in run:
            yield one("median CPU milliseconds", *_quartiles(run["cpu"]))
        if "p95" in run:
            yield one("median milliseconds from an answer to the next question", run["p50"])
            yield one("95 % of next questions within milliseconds", run["p95"], most=400)
            yield one("the server's CPU milliseconds a vote", run["server_milliseconds"])
            yield one("the server's memory, MiB", run["memory"])


NEVER = {
    "not_once": "acknowledged votes that are not stored exactly once",
    "errors": "errors shown",
    "lost": "votes lost",
    "doubled": "votes doubled",
    "too_many": "questions with a fourth counted vote",
    "short": "questions left short at the end",
    "without": "acknowledgements without a sync of the WAL before them",
}
"""What a trial counts that must be 0."""


def _quartiles(values: list[float]) -> tuple[float, float, float]:
    """The median, and between which two half of the values lie."""
    return tuple(float(np.quantile(values, q)) for q in (0.5, 0.25, 0.75))  # type: ignore[return-value]


def _figure(
    run: dict[str, Any], words: str, value: float, low: float | None = None, high: float | None = None, *, most: float | None = None
) -> Figure:
    interval = (value, value if low is None else low, value if high is None else high)
    title = f"{run['trial']}: {words}"
    return held("votes", title, interval, n=int(run["n"]), seconds_cpu=float(run["cpu_seconds"]), seeds=1, most=most)


def _told(run: dict[str, Any]) -> str:
    return json.dumps({name: value for name, value in run.items() if not isinstance(value, list)})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    names = [trial for trial in TRIALS if not arguments.only or any(part in trial for part in arguments.only)]
    made = list(figures(resume(RUNS, KEY, {(name,): (name,) for name in names}, measure, _told, again=arguments.again)))
    if not arguments.only:
        keep("votes", made)
    print("\n".join(json.dumps(asdict(one)) for one in made) if arguments.json else table(made))


if __name__ == "__main__":
    main()
