"""Does the classifier test reject as rarely as it says, and what does it find?

    python -m tests.benchmarks.discriminator_level [--replicates 2000] [--giveaways 300] [--only logistic …]

Level: both samples from one law; the share of replicates with p <= 0.05, of the rank test and of the accuracy's, and the share of
intervals that hold one half. Power: Gaussians a distance apart in one of five coordinates. Giveaways: the share of equal tables in
which anything is significant. Lines are printed as they are done.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np

from evalkit.data import load
from evalkit.discriminator import OF_FEATURES
from evalkit.discriminator.c2st import ClassifierTest
from evalkit.discriminator.giveaways import find_giveaways
from evalkit.statistics import proportion_interval
from tests.anomaly.mixed_rows import frame

Draw = Callable[[np.random.Generator, float], tuple[np.ndarray, np.ndarray]]


def gaussians(draw: np.random.Generator, distance: float, n: int = 100) -> tuple[np.ndarray, np.ndarray]:
    """Two samples of five columns, the means a distance apart."""
    generated = draw.normal(size=(n, 5))
    generated[:, 0] += distance
    return draw.normal(size=(n, 5)), generated


def whole_numbers(draw: np.random.Generator, distance: float, n: int = 100) -> tuple[np.ndarray, np.ndarray]:
    """Few distinct rows: many copies, in and across the samples."""
    return draw.poisson(1.5, (n, 3)).astype(float), draw.poisson(1.5 + distance, (n, 3)).astype(float)


def unequal(draw: np.random.Generator, distance: float) -> tuple[np.ndarray, np.ndarray]:
    """Nine generated rows a reference row."""
    return draw.normal(size=(60, 3)), draw.normal(size=(540, 3)) + distance


def rejections(family: str, samples: Draw, distance: float, replicates: int) -> dict[str, float]:
    """Shares of replicates: rank test and accuracy test at 0.05, one half outside the intervals."""
    counts = np.zeros(4)
    for i in range(replicates):
        reference, generated = samples(np.random.default_rng(i), distance)
        found = ClassifierTest(family).run(reference, generated, seed=i, control=False).found
        outside = [not one.low <= 0.5 <= one.high for one in (found.auc, found.accuracy)]
        counts += [found.p_value <= 0.05, found.accuracy_p_value <= 0.05, *outside]
    return dict(zip(("rank", "accuracy", "outside AUC", "outside accuracy"), counts / replicates, strict=True))


def giveaways_on_equal_tables(replicates: int, n: int = 200) -> float:
    """Share of pairs of equal tables in which anything is significant."""
    found = (find_giveaways(load(frame(n, 2 * i)), load(frame(n, 2 * i + 1)), seed=i)[0].p_value <= 0.05 for i in range(replicates))
    return sum(found) / replicates


def told(name: str, share: float, replicates: int) -> str:
    _, low, high = proportion_interval(round(share * replicates), replicates)
    return f"{name}: {share:.4f} ({low:.4f} - {high:.4f}), {replicates} replicates"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replicates", type=int, default=2000)
    parser.add_argument("--giveaways", type=int, default=300)
    parser.add_argument("--only", nargs="*", default=list(OF_FEATURES))
    arguments = parser.parse_args()
    for family in arguments.only:
        for samples in (gaussians, whole_numbers, unequal):
            start = time.process_time()
            for test, share in rejections(family, samples, 0.0, arguments.replicates).items():
                print(told(f"level, {family}, {samples.__name__}, {test}", share, arguments.replicates), flush=True)
            print(f"  {time.process_time() - start:.0f} CPU s")
        few = max(arguments.replicates // 10, 50)
        for distance in (0.25, 0.5, 1.0):
            for n in (100, 400):
                share = rejections(family, lambda draw, by, n=n: gaussians(draw, by, n), distance, few)["rank"]
                print(told(f"power, {family}, distance {distance:g}, {n} rows a side", share, few), flush=True)
    if arguments.giveaways:
        print(told("giveaways on equal tables", giveaways_on_equal_tables(arguments.giveaways), arguments.giveaways), flush=True)


if __name__ == "__main__":
    main()
