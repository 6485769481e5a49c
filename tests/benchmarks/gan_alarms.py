"""Do the GAN's stop rule and alarms fire when they should, and only then?

    python -m tests.benchmarks.gan_alarms [--only NAME …] [--seeds 5] [--again] [--json]

Games that are spoiled on purpose must sound their own alarm and must not be ended as good ones; healthy games must stay silent, and
the stop rule must end the one whose generator is soon as good as anyone can tell. Runs that are done are kept in
``tests/benchmarks/results/gan_alarms_runs.jsonl``.
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pandas as pd

from evalkit.statistics import proportion_interval
from tests.benchmarks.figures import RESULTS, Figure, held, keep, table
from tests.benchmarks.runs import resume, timed

RUNS = RESULTS / "gan_alarms_runs.jsonl"
KEY = ("game", "seed")
SEEDS = 5
# Each game's family and rows in tests/backbones/gan/provoked.py, its steps, and the beginning of the alarm it must sound. A fast
# discriminator spoils no game of rings, whose few figures the penalty on its slopes keeps in play: it tells drawn payments ever
# better while the generator gains nothing, and learns few cells of many figures by heart.
GAMES: dict[str, tuple[str, str, int, str | None]] = {
    "discriminator at 30 times the rate, payments": ("FastDiscriminator", "payments", 600, "discriminator too strong"),
    "discriminator at 30 times the rate, cells": ("FastDiscriminator", "cells", 600, "discriminator too strong"),
    "frozen generator": ("FrozenGenerator", "rings", 300, "dead generator"),
    "dead discriminator": ("DeadDiscriminator", "rings", 300, "dead discriminator"),
    "generator of one mode": ("OneMode", "rings", 300, "mode collapse"),
    "copied rows": ("Copies", "rings", 300, "memorised training rows"),
    "healthy, hard rows": ("GAN", "rings", 900, None),
    "healthy, payments": ("GAN", "payments", 1500, None),
    "healthy, cells": ("GAN", "cells", 600, None),
    "healthy, plain rows": ("GAN", "plain", 1500, None),
}


def measure(game: str, seed: int) -> dict[str, Any]:
    """One game."""
    from tests.backbones.gan import provoked

    family, rows, steps, _ = GAMES[game]
    model, seconds = timed(
        lambda: getattr(provoked, family)(steps=steps, random_state=seed).fit_rows(getattr(provoked, rows)(seed=seed))
    )
    history = model.history_
    last = {"steps": history.steps[-1], "alarms": history.alarms, "stopped": history.stopped}
    return {"game": game, "seed": seed, "cpu_seconds": seconds} | last


def figures(runs: pd.DataFrame) -> Iterator[Figure]:
    """Shares of the games with exact binomial intervals."""
    for game, part in runs.groupby("game", sort=False):
        words = GAMES[str(game)][3]
        if words is None:
            yield _share(part, f"{game}: games without any alarm", part["alarms"].map(len) == 0)
        else:
            yield _share(
                part, f"{game}: games that sound its alarm", part["alarms"].map(lambda said, words=words: _says(said, words))
            )
            yield _share(part, f"{game}: games that are not ended as good ones", part["stopped"].isna())
        if game == "healthy, plain rows":
            yield _share(part, f"{game}: games that the stop rule ends", part["stopped"].notna())


def _says(alarms: list[str], words: str) -> bool:
    return any(alarm.startswith(words) for alarm in alarms)


def _share(part: pd.DataFrame, title: str, right: pd.Series) -> Figure:
    interval = proportion_interval(int(right.sum()), len(right))
    seconds = float(part["cpu_seconds"].sum())
    return held("gan_alarms", title, interval, n=len(right), seconds_cpu=seconds, seeds=len(right), least=1.0)


def _told(run: dict[str, Any]) -> str:
    return f"{run['game']} {run['seed']} alarms {run['alarms']} stopped {run['stopped']}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    names = [game for game in GAMES if not arguments.only or any(part in game for part in arguments.only)]
    tasks = {(game, seed): (game, seed) for seed in range(arguments.seeds) for game in names}
    made = list(figures(resume(RUNS, KEY, tasks, measure, _told, again=arguments.again)))
    if not arguments.only:
        keep("gan_alarms", made)
    print("\n".join(json.dumps(asdict(one)) for one in made) if arguments.json else table(made))


if __name__ == "__main__":
    main()
