"""Does what was preferred come more often after a model has learned from votes, and how much does it forget?

    python -m tests.benchmarks.fine_tuning --data DIR [--only shorter sevens] [--seeds 3] [--json]

Two hundred synthetic votes each. ``shorter``: a transformer language model of short speeches from tinyshakespeare; of two drawn
speeches the shorter is preferred. ``sevens``: a VAE of 3,000 MNIST digits; of two drawn digits the one is preferred that a
classifier of real digits takes for a seven. Before and after: the share of preferred outputs among fresh draws (speeches shorter
than the median of the model's draws before; sevens), and the loss of rows that nothing has seen.
"""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evalkit.backbones import BACKBONES
from evalkit.backbones.preferences import Votes
from evalkit.core.sample import Images, Texts
from evalkit.core.seeds import generator
from evalkit.data.text_encoding import TextEncoder
from evalkit.data.tokens import Tokens
from evalkit.statistics import mean_interval
from tests.benchmarks import backbone_images as images
from tests.benchmarks.figures import RESULTS, Figure, held, keep, table
from tests.benchmarks.runs import Run, resume, timed

RUNS = RESULTS / "fine_tuning_runs.jsonl"
SEEDS, VOTES, DRAWS = 3, 200, 200
STEPS, MORE_STEPS = 600, 120
LONGEST = 100
SEVEN, DIGITS, SHOWN = 7, 3000, 1000


def shorter(data: Path, seed: int) -> Run:
    """Shorter speeches are better."""
    speeches = (data / "text" / "tinyshakespeare.txt").read_text(encoding="utf-8").split("\n\n")
    texts = [speech.strip() for speech in speeches if 0 < len(speech.strip()) <= LONGEST]
    rows = TextEncoder().fit(Texts.of(texts)).transform(Texts.of(texts))
    order = generator(seed, "benchmark", "speeches").permutation(len(rows))
    training, unseen = rows.take(order[500:]), rows.take(order[:500])
    family: Any = BACKBONES["transformer_lm"].load()
    model, seconds = timed(lambda: family(steps=STEPS, random_state=seed).fit_rows(training))
    items = model.sample_rows(2 * VOTES, seed)
    votes = Votes.of(items, _shorter_preferred(items))
    settings = {"steps": MORE_STEPS, "random_state": seed}
    tuned, more = timed(lambda: family(**settings).fit_rows(training, start=model, votes=votes))
    before, after = (one.sample_rows(DRAWS, seed + 1000).lengths for one in (model, tuned))
    middle = np.median(before)
    losses = [one.nats_per_token_rows(unseen).value for one in (model, tuned)]
    return _line("shorter", seed, [float((lengths < middle).mean()) for lengths in (before, after)], losses, seconds + more)


def _shorter_preferred(items: Tokens) -> pd.DataFrame:
    pairs = np.arange(len(items)).reshape(-1, 2)
    order = np.argsort(items.lengths[pairs], axis=1, kind="stable")
    chosen = np.take_along_axis(pairs, order, axis=1)
    return pd.DataFrame({"row": range(len(pairs)), "preferred": chosen[:, 0], "rejected": chosen[:, 1]})


def sevens(data: Path, seed: int) -> Run:
    """Sevens are better."""
    training, labels, unseen, _ = images.load(data)
    training, unseen = (
        Images.of(some.pixels, "digits") for some in (training.take(np.arange(DIGITS)), unseen.take(np.arange(500)))
    )
    judge = images.classifier(training.pixels, labels[:DIGITS], seed)
    family: Any = BACKBONES["vae"].load()
    model, seconds = timed(lambda: family(steps=STEPS, random_state=seed).fit(training))
    shown = model.sample(SHOWN, seed)
    seen = images.named(judge, shown.pixels) == SEVEN
    draw = generator(seed, "benchmark", "votes")
    pairs = [draw.choice(np.flatnonzero(which), VOTES) for which in (seen, ~seen)]
    votes = pd.DataFrame({"row": range(VOTES), "preferred": pairs[0], "rejected": pairs[1]})
    tuned, more = timed(lambda: family(steps=STEPS // 2, random_state=seed).fit(training, start=model, votes=(shown, votes)))
    shares = [float((images.named(judge, one.sample(2 * DRAWS, seed + 1000).pixels) == SEVEN).mean()) for one in (model, tuned)]
    losses = [float(one.score(unseen).mean()) for one in (model, tuned)]
    return _line("sevens", seed, shares, losses, seconds + more)


def _line(name: str, seed: int, shares: list[float], losses: list[float], seconds: float) -> Run:
    figures = {"share_before": shares[0], "share_after": shares[1], "loss_before": losses[0], "loss_after": losses[1]}
    return {"wish": name, "seed": seed, "cpu_seconds": seconds} | figures


WISHES = {"shorter": shorter, "sevens": sevens}


def measure(name: str, seed: int, data: Path) -> Run:
    """One run."""
    return WISHES[name](data, seed)


def told(run: Run) -> str:
    """A finished run in a line."""
    shares, losses = (f"{run[f'{what}_before']:.3f} to {run[f'{what}_after']:.3f}" for what in ("share", "loss"))
    return f"{run['wish']} {run['seed']}: preferred {shares}, loss {losses}"


def figures(runs: pd.DataFrame) -> list[Figure]:
    """Means over seeds."""
    made = []
    for name, part in runs.groupby("wish", sort=False):
        gained = (part["share_after"] - part["share_before"]).to_numpy()
        lost = (part["loss_after"] / part["loss_before"] - 1).to_numpy()
        behind = {"n": len(part), "seconds_cpu": float(part["cpu_seconds"].sum()), "seeds": len(part)}
        made.append(held("fine_tuning", f"{name}: gain in preferred outputs", mean_interval(gained), **behind, least=0.15))
        made.append(held("fine_tuning", f"{name}: rise of the held-out loss", mean_interval(lost), **behind, most=0.05))
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--only", nargs="*", default=[], choices=list(WISHES))
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    tasks = {(name, seed): (name, seed, arguments.data) for name in arguments.only or WISHES for seed in range(arguments.seeds)}
    made = figures(resume(RUNS, ("wish", "seed"), tasks, measure, told))
    if arguments.seeds == SEEDS:
        keep("fine_tuning", made)
    print("\n".join(json.dumps(asdict(one)) for one in made) if arguments.json else table(made))


if __name__ == "__main__":
    main()
