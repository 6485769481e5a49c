"""Generators that are broken on purpose: is each break named by the figure or giveaway meant for it, and ranked by its size?

    python -m tests.benchmarks.planted_breaks --data DIR [--only payments …] [--draws FOLDER] [--again] [--json]

Three families are fitted to one half of the payments that evalkit brings, and three to 8,000 of MNIST's digits (DIR holds
``mnist/t10k-*.gz``), and drawn from. Of the drawn rows broken ones are made, each in two sizes:

* *mode drop*: rows of one label, or digits of some names, give way to other drawn rows, in part and wholly;
* *copied rows*: a tenth and a third of the rows are rows of the reference;
* *rounded decimals*: amounts are rounded to whole ones, in a third of the rows and in all;
* *shifted column*: amounts are a fourth and three fourths of a standard deviation higher;
* *blur*: a Gaussian one, of half a pixel and of a pixel.

All nine (seven) are held against real rows on one board, ``evaluate`` with its usual figures, which sees nothing of how they were
made. A break is *named* if its clue is significant in the larger one, and larger than in the whole generator; or if its figure
says that the whole generator is better. It is *ranked* if its clue or figure puts the whole generator before the smaller and the
smaller before the larger break.
"""

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

import evalkit as ek
from evalkit.backbones import BACKBONES
from evalkit.compare.evaluation import Evaluation
from evalkit.core.bundled import bundled
from evalkit.core.sample import Images
from evalkit.data import load
from evalkit.statistics import proportion_interval
from tests.benchmarks import backbone_images
from tests.benchmarks.figures import RESULTS, Figure, held, keep, table
from tests.benchmarks.runs import resume, timed

PART = "planted_breaks"
RUNS = RESULTS / "planted_breaks_runs.jsonl"
KEY = ("data", "generator", "seed")
GENERATORS = {"payments": ("vae", "diffusion", "transformer_lm"), "mnist": ("vae", "gan", "diffusion")}
WHOLE, SMALL, LARGE = "whole", "small", "large"
AMOUNT, MODE, LABEL = "amount", "channel", "in store"
Frame = pd.DataFrame
Pixels = NDArray[np.uint8]
Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Break:
    """One way to break a generator, and what is meant to name it.

    Attributes:
        name: in words.
        make: from drawn rows, reference rows, size and generator of random numbers.
        sizes: the small one and the large one.
        figure: of the board that ranks it, or None where a clue does.
        clue: kind and place of the clue that names it, or None.
    """

    name: str
    make: Callable[..., Any]
    sizes: tuple[float, float]
    figure: str | None = None
    clue: tuple[str, str] | None = None


def without_label(drawn: Frame, reference: Frame, size: float, draw: np.random.Generator) -> Frame:
    """Rows of a label give way to other drawn rows."""
    return _replaced(drawn, drawn, np.flatnonzero(drawn[MODE] == LABEL), np.flatnonzero(drawn[MODE] != LABEL), size, draw)


def copied_rows(drawn: Frame, reference: Frame, size: float, draw: np.random.Generator) -> Frame:
    """A share of the rows is the reference's."""
    return _replaced(drawn, reference[drawn.columns], np.arange(len(drawn)), np.arange(len(reference)), size, draw)


def rounded(drawn: Frame, reference: Frame, size: float, draw: np.random.Generator) -> Frame:
    """Amounts of a share of the rows are whole."""
    chosen = draw.uniform(size=len(drawn)) < size
    return drawn.assign(**{AMOUNT: drawn[AMOUNT].where(~chosen, drawn[AMOUNT].round())})


def shifted(drawn: Frame, reference: Frame, size: float, draw: np.random.Generator) -> Frame:
    """Amounts are higher by so many standard deviations, with their two decimals."""
    return drawn.assign(**{AMOUNT: (drawn[AMOUNT] + size * reference[AMOUNT].std()).round(2)})


def _replaced(drawn: Frame, source: Frame, out: Rows, into: Rows, size: float, draw: np.random.Generator) -> Frame:
    gone = draw.choice(out, round(size * len(out)), replace=False)
    come = source.iloc[draw.choice(into, len(gone), replace=len(gone) > len(into))]
    return pd.concat([drawn.drop(drawn.index[gone]), come], ignore_index=True)


def without_digits(drawn: Pixels, reference: Pixels, size: float, draw: np.random.Generator, *, names: NDArray[np.int64]) -> Pixels:
    """So many of the ten digits give way to other drawn ones."""
    gone = names < size
    pixels = drawn.copy()
    pixels[gone] = drawn[draw.choice(np.flatnonzero(~gone), int(gone.sum()))]
    return pixels


def blurred(drawn: Pixels, reference: Pixels, size: float, draw: np.random.Generator, **_: Any) -> Pixels:
    """Every image, by a Gaussian of so many pixels."""
    return np.asarray(gaussian_filter(drawn.astype(np.float64), (0, size, size, 0)).round(), dtype=np.uint8)


def copied_images(drawn: Pixels, reference: Pixels, size: float, draw: np.random.Generator, **_: Any) -> Pixels:
    """A share of the images is the reference's."""
    pixels, n = drawn.copy(), round(size * len(drawn))
    pixels[:n] = reference[draw.choice(len(reference), n, replace=False)]
    return pixels


BREAKS: dict[str, tuple[Break, ...]] = {
    "payments": (
        Break("mode drop", without_label, (0.5, 1.0), figure="coverage", clue=("lost categories", MODE)),
        Break("copied rows", copied_rows, (0.1, 1 / 3), figure="exact_copies"),
        Break("rounded decimals", rounded, (1 / 3, 1.0), clue=("decimals", AMOUNT)),
        Break("shifted column", shifted, (0.25, 0.75), figure="column_shapes", clue=("column", AMOUNT)),
    ),
    "mnist": (
        Break("mode drop", without_digits, (2, 5), figure="coverage"),
        Break("copied rows", copied_images, (0.1, 1 / 3), figure="exact_copies"),
        Break("blur", blurred, (0.5, 1.0), figure="frechet", clue=("frequencies", "spectrum")),
    ),
}


def payments(generator: str, seed: int, data: Path | None, draws: Path | None) -> tuple[Any, dict[str, Any]]:
    """Half of the payments as reference, and the whole generator's rows with the broken ones."""
    frame = pd.read_csv(bundled("data_samples") / "payments.csv").drop(columns=["payment_id", "time", "description"])
    order = np.random.default_rng(seed).permutation(len(frame))
    fitted, reference = (frame.iloc[part].reset_index(drop=True) for part in np.array_split(order, 2))
    kept = None if draws is None else draws / f"payments-{generator}-{seed}.parquet"
    if kept is not None and kept.exists():
        drawn = pd.read_parquet(kept)
    else:
        model = BACKBONES[generator].load()(random_state=seed).fit(load(fitted))
        drawn = model.sample(len(reference), random_state=seed).frame
        if kept is not None:
            drawn.to_parquet(kept)
    draw = np.random.default_rng(seed)
    made = {f"{each.name}, {at}": each.make(drawn, reference, size, draw) for each, at, size in _planted("payments")}
    return reference, {WHOLE: drawn, **made}


def mnist(generator: str, seed: int, data: Path | None, draws: Path | None) -> tuple[Any, dict[str, Any]]:
    """2,000 held-out digits as reference, and as many drawn ones with the broken ones."""
    if data is None:
        raise SystemExit("mnist needs --data DIR with DIR/mnist/t10k-images-idx3-ubyte.gz")
    training, labels, held_out, _ = backbone_images.load(data)
    kept = None if draws is None else draws / f"mnist-{generator}-{seed}.npy"
    if kept is not None and kept.exists():
        drawn = np.load(kept, allow_pickle=False)
    else:
        model = BACKBONES[generator].load()(random_state=seed).fit(training)
        drawn = model.sample(len(held_out), random_state=seed).pixels
        if kept is not None:
            np.save(kept, drawn)
    names = backbone_images.named(backbone_images.classifier(training.pixels, labels, seed), drawn)
    draw = np.random.default_rng(seed)
    made = {
        f"{each.name}, {at}": each.make(drawn, held_out.pixels, size, draw, names=names) for each, at, size in _planted("mnist")
    }
    plain = {name: Images.of(pixels, name.replace(" ", "_")) for name, pixels in {WHOLE: drawn, **made}.items()}
    return Images.of(held_out.pixels, "real"), plain


def _planted(data: str) -> Iterator[tuple[Break, str, float]]:
    return ((each, at, size) for each in BREAKS[data] for at, size in zip((SMALL, LARGE), each.sizes, strict=True))


def measure(data: str, generator: str, seed: int, folder: Path | None, draws: Path | None) -> dict[str, Any]:
    """One board: what it says of each break."""
    reference, generated = {"payments": payments, "mnist": mnist}[data](generator, seed, folder, draws)
    board, seconds = timed(lambda: ek.evaluate(reference, generated, seed=seed))
    run = {"data": data, "generator": generator, "seed": seed, "cpu_seconds": seconds}
    return run | {"breaks": [judged(each, board) for each in BREAKS[data]]}


def judged(planted: Break, board: Evaluation) -> dict[str, Any]:
    """What a board says of one break."""
    names = [WHOLE, f"{planted.name}, {SMALL}", f"{planted.name}, {LARGE}"]
    found: dict[str, Any] = {"break": planted.name}
    if planted.figure:
        sign = {"lower": 1, "higher": -1}[board.of(WHOLE)[planted.figure].direction]
        figure = [board.of(name)[planted.figure].value for name in names]
        (pair,) = [
            each for each in board.comparisons if (each.figure, each.first, each.second) == (planted.figure, WHOLE, names[2])
        ]
        found |= {"figure": planted.figure, "values": figure, "figure_names": pair.better == "first"}
        found["figure_ranks"] = bool((np.diff(sign * np.array(figure)) > 0).all())
    if planted.clue:
        sizes = [_clue(board, name, planted.clue) for name in names]
        found |= {"clue": planted.clue[0], "sizes": sizes, "clue_names": sizes[2] > sizes[0]}
        found["clue_ranks"] = bool((np.diff(sizes) > 0).all())
    return found


def _clue(board: Evaluation, generator: str, clue: tuple[str, str]) -> float:
    """How far the clue's figure lies from the real rows'; 0 where it is not significant."""
    (look,) = [each for each in board.looks if each.generator == generator]
    return max((abs(each.figure - each.reference) for each in look.clues if (each.what, each.where) == clue), default=0.0)


def figures(runs: pd.DataFrame) -> Iterator[Figure]:
    """Of each break, in how many of the generators it is named and ranked; by figure or clue."""
    for data, its in runs.groupby("data", sort=False):
        seconds, n = float(its["cpu_seconds"].sum()), len(its)
        for planted in BREAKS[str(data)]:
            rows = [each for row in its["breaks"] for each in row if each["break"] == planted.name]
            for what, words in (("names", "named"), ("ranks", "ranked")):
                right = sum(bool(row.get(f"figure_{what}") or row.get(f"clue_{what}")) for row in rows)
                by = " or ".join(word for word in (planted.figure, planted.clue and f"{planted.clue[0]} clue") if word)
                title = f"{data}, {planted.name}: generators in which it is {words} by {by}"
                yield held(PART, title, proportion_interval(right, n), n=n, seconds_cpu=seconds, seeds=n, least=1.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--only", nargs="*", default=[], help="payments or mnist, or names of generators")
    parser.add_argument("--draws", type=Path, help="a folder that keeps what was drawn")
    parser.add_argument("--again", action="store_true", help="do the runs anew")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if arguments.draws:
        arguments.draws.mkdir(parents=True, exist_ok=True)
    wanted = [
        (data, generator, 0)
        for data in BREAKS
        for generator in GENERATORS[data]
        if not arguments.only or any(word in (data, generator) for word in arguments.only)
    ]
    tasks = {key: (*key, arguments.data, arguments.draws) for key in wanted}
    made = list(figures(resume(RUNS, KEY, tasks, measure, _told, again=arguments.again)))
    if not arguments.only:
        keep(PART, made)
    print("\n".join(json.dumps(asdict(one)) for one in made) if arguments.json else table(made))


def _told(run: dict[str, Any]) -> str:
    said = [
        f"{row['break']}: "
        + ", ".join(word for word in ("figure_names", "figure_ranks", "clue_names", "clue_ranks") if row.get(word))
        for row in run["breaks"]
    ]
    return f"{run['data']} {run['generator']} {run['cpu_seconds']:.0f} CPU s; " + "; ".join(said)


if __name__ == "__main__":
    main()
