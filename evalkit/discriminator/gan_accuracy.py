"""How far a GAN's own discriminator tells fresh draws from real rows, beside a classifier that starts anew."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from evalkit.backbones.gan import GAN
from evalkit.backbones.threads import suitable_threads
from evalkit.core.errors import InputError, ShapeError
from evalkit.core.seeds import derive_seed, generator
from evalkit.data.encoded import Encoded
from evalkit.discriminator.c2st import ClassifierTest, ClassifierTestResult
from evalkit.discriminator.halves import FEWEST
from evalkit.statistics import Interval, auc, auc_interval, rank_sum_test

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class GANAccuracy:
    """Two discriminators on the same rows.

    Attributes:
        own: share of (real, drawn) pairs in which the GAN's own discriminator finds the held-out real row more real; chance 0.5.
        own_p_value: one-sided rank-sum test of the same.
        fresh: a classifier that has learned from one half of the same rows and is asked about the other.
        n: held-out real rows, and as many draws.
    """

    own: Interval
    own_p_value: float
    fresh: ClassifierTestResult
    n: int

    def sentence(self) -> str:
        """Both figures in plain words."""
        own, fresh = self.own, self.fresh.found
        return (
            f"The GAN's own discriminator ranks a held-out real row above a draw in {100 * own.value:.0f} % of pairs "
            f"({100 * own.low:.0f} – {100 * own.high:.0f} %), a fresh {fresh.family} classifier in {100 * fresh.auc.value:.0f} % "
            f"({100 * fresh.auc.low:.0f} – {100 * fresh.auc.high:.0f} %); chance is 50 %."
        )


def gan_accuracy(model: GAN, held_out: Encoded, *, seed: int, family: str = "boosted_trees") -> GANAccuracy:
    """Ask a fitted GAN's discriminator, and a fresh classifier, about rows that training never saw and as many fresh draws.

    At 50 % the GAN's discriminator has nothing left to teach. That may be success, or a discriminator that has stopped looking:
    the fresh classifier tells which. Both look at rows as the GAN sees them, so that what its encoding leaves out stays unseen.
    Below 50 %, the discriminator ranks draws above new real rows: it knows its training rows by heart, or the game goes in
    circles.

    Args:
        model: a fitted GAN.
        held_out: rows encoded as the model's (``model.encode``), 10 or more, none of which it was fitted to.
        seed: of the draws, lots and classifier.
        family: of the fresh classifier.

    Raises:
        InputError: the rows are encoded otherwise.
        ShapeError: fewer than 10 rows.

    >>> from evalkit.data.rows import Feature, Rows
    >>> one = (Feature(column="a", name="a", kind="number"),)
    >>> real = Rows(np.random.default_rng(0).normal(size=(120, 1)), one)
    >>> found = gan_accuracy(GAN(steps=5).fit_rows(real.take(slice(0, 60))), real.take(slice(60, None)), seed=0)
    >>> found.own.low < 0.5 < found.own.high, found.n
    (True, 60)
    """
    if held_out.layout != model.layout_:
        raise InputError("the held-out rows are encoded otherwise than the GAN's: encode them with the model")
    n = len(held_out)
    if n < FEWEST:
        raise ShapeError(f"a GAN's accuracy needs {FEWEST} held-out rows, got {n}: hold out more")
    drawn = model.sample_rows(n, derive_seed(seed, "gan accuracy"))
    (real_answers, real_places), (drawn_answers, drawn_places) = (
        _seen(model, rows, generator(seed, "gan accuracy", name)) for name, rows in (("real", held_out), ("drawn", drawn))
    )
    own = auc_interval(auc(real_answers, drawn_answers), n, n)
    fresh = ClassifierTest(family).run(real_places, drawn_places, seed=seed)
    return GANAccuracy(own, rank_sum_test(real_answers, drawn_answers, seed=seed), fresh, n)


def _seen(model: GAN, rows: Encoded, random: np.random.Generator) -> tuple[Array, Array]:
    """The discriminator's answers, (n,), and where the rows lie in the GAN's space, (n, d)."""
    network = model.network_
    with torch.no_grad(), suitable_threads(rows.layout.modality):
        x = network.seen(rows, random)
        view = network.view(x).to(next(network.discriminator.parameters()).dtype)  # the generator's may be another
        answers, places = network.discriminator(view), network.place(x)
    return answers.double().numpy().reshape(-1), places.double().numpy().reshape(len(rows), -1)
