"""evalkit's metrics beside the packages that a user would otherwise pick: the same figures, CPU seconds, and memory.

    python -m tests.benchmarks.metrics [--only WORK …] [--threads 1] [--repeats 3] [--peers-python PATH] [--json]

Each piece of work is done by every package in turn, each time in a process of its own (``metric_work.py``) on one thread, so that
what else the machine does meets all of them; medians over the repeats are shown. How fast packages are beside each other depends on
the processor: runs on one do not take the place of those on another. The peers' environment is made as ``backbones.py`` says.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from tests.benchmarks.figures import RESULTS, Figure, held, keep, table
from tests.benchmarks.metric_work import FRECHET, KID, PRDC, RECORDS, SUBSETS, VENDI, WORK
from tests.benchmarks.runs import Run, read, resume

PART = "metrics"
RUNS = RESULTS / "metrics_runs.jsonl"
KEY = ("work", "rows", "features", "processor", "package", "repeat")
OURS = "evalkit"


@dataclass(frozen=True)
class Contest:
    """A piece of work and what is asked of it.

    Attributes:
        work: its name in ``metric_work.WORK``.
        rows: on each side.
        features: or columns.
        faster: how many times evalkit's CPU seconds the fastest peer must take; None: not held to any.
        leaner: the largest share of the leanest peer's extra memory; None: not held to any.
        equal: the largest relative difference from any peer; None where the peers' figure is another (a mean over subsets).
        alone: evalkit alone, once: the peers could not do it. Held to a peak of 4 GB for the whole process.
    """

    work: str
    rows: int
    features: int
    faster: float | None = None
    leaner: float | None = None
    equal: float | None = None
    alone: bool = False

    @property
    def packages(self) -> list[str]:
        """Who does it, evalkit first."""
        return [package for work, package in WORK if work == self.work and not (self.alone and package != OURS)]

    @property
    def title(self) -> str:
        """What a figure of it begins with."""
        return f"{self.work}, {self.rows:,} + {self.rows:,} rows, {self.features:,} features"


CONTESTS = (
    Contest(FRECHET, 10_000, 2048, faster=2.0, equal=1e-6),
    Contest(FRECHET, 10_000, 64, equal=1e-6),
    Contest(PRDC, 10_000, 2048, faster=3.0, leaner=0.1, equal=1e-6),
    Contest(PRDC, 50_000, 2048, alone=True),
    Contest(KID, 10_000, 2048, faster=1.8),
    Contest(SUBSETS, 2_000, 2048, equal=1e-6),
    Contest(RECORDS, 2_000, 20, faster=30.0, equal=1e-12),
    Contest(VENDI, 2_000, 512, equal=1e-9),
)


def measure(
    work: str, rows: int, features: int, processor: str, package: str, repeat: int, threads: int, peers_python: str | None
) -> Run:
    """One package's work, once."""
    python = sys.executable if package.startswith(OURS) else peers_python or os.environ.get("EVALKIT_PEERS")
    if not python:
        raise SystemExit("the peers' environment is needed: --peers-python PATH or EVALKIT_PEERS=PATH, see backbones.py")
    limits = {name: str(threads) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
    command = [
        python,
        str(Path(__file__).with_name("metric_work.py")),
        work,
        package,
        "--rows",
        str(rows),
        "--features",
        str(features),
    ]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | limits | {"PYTHONWARNINGS": "ignore"}
    )
    if done.returncode:
        sys.stderr.write(done.stderr)
        raise SystemExit(f"{package}'s {work} ended with status {done.returncode}")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return dict(zip(KEY, (work, rows, features, processor, package, repeat), strict=True)) | {"threads": threads} | found


def figures(runs: pd.DataFrame, contests: tuple[Contest, ...] = CONTESTS) -> Iterator[Figure]:
    """Medians of each package on each processor, and what the bars ask."""
    for contest in contests:
        own = runs[(runs["work"] == contest.work) & (runs["rows"] == contest.rows) & (runs["features"] == contest.features)]
        for processor, part in own.groupby("processor"):
            yield from _of_contest(contest, f"{contest.title}, {processor}", part)


def _of_contest(contest: Contest, title: str, own: pd.DataFrame) -> Iterator[Figure]:
    seconds, extra = (own.groupby("package")[column].median() for column in ("cpu_seconds", "extra_mb"))
    behind = {"n": contest.rows, "seconds_cpu": float(own["cpu_seconds"].sum()), "seeds": 1}
    for package in contest.packages:
        yield _plain(f"{title}, {package}: CPU seconds", seconds[package], **behind)
        yield _plain(f"{title}, {package}: extra memory in MB", extra[package], **behind)
    if contest.alone:
        yield _plain(f"{title}: peak of the whole process in MB", own["peak_mb"].max(), **behind, most=4096.0)
        return
    peers = [package for package in contest.packages if not package.startswith(OURS)]
    ratio = f"{title}: times evalkit's CPU seconds that the fastest peer takes"
    yield _plain(ratio, min(seconds[peer] for peer in peers) / seconds[OURS], **behind, least=contest.faster)
    if contest.leaner is not None:
        share = extra[OURS] / min(extra[peer] for peer in peers)
        yield _plain(f"{title}: evalkit's extra memory over the leanest peer's", share, **behind, most=contest.leaner)
    if contest.equal is not None:
        apart = max(_apart(own, peer) for peer in peers)
        yield _plain(f"{title}: largest relative difference from a peer", apart, **behind, most=contest.equal)


def _plain(title: str, value: float, **rest: Any) -> Figure:
    return held(PART, title, (float(value),) * 3, **rest)


def _apart(own: pd.DataFrame, peer: str) -> float:
    ours, theirs = (np.asarray(own[own["package"] == name]["value"].iloc[0], dtype=np.float64) for name in (OURS, peer))
    return float((abs(ours - theirs) / abs(theirs)).max())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=[], help="parts of what a figure's title begins with")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--peers-python")
    parser.add_argument("--again", action="store_true", help="do the runs anew")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    contests = tuple(each for each in CONTESTS if not arguments.only or any(part in each.title for part in arguments.only))
    wanted = [
        (contest.work, contest.rows, contest.features, torch.backends.cpu.get_cpu_capability(), package, repeat)
        for contest in contests
        for repeat in range(1 if contest.alone else arguments.repeats)
        for package in contest.packages
    ]
    tasks = {key: (*key, arguments.threads, arguments.peers_python) for key in wanted}
    resume(RUNS, KEY, tasks, measure, _told, again=arguments.again)
    made = list(figures(pd.DataFrame(list(read(RUNS, KEY).values())), contests))
    keep(PART, made, whole=not arguments.only)
    print("\n".join(json.dumps(asdict(one)) for one in made) if arguments.json else table(made))


def _told(run: Run) -> str:
    return f"{run['work']} {run['package']}: {run['cpu_seconds']:.1f} CPU s, {run['extra_mb']:.0f} MB"


if __name__ == "__main__":
    main()
