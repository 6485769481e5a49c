"""Two figures of generated series by small recurrent networks: can they be told apart, and do they teach what comes next?"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch.nn import functional

from evalkit.core.errors import InputError
from evalkit.core.sample import Series
from evalkit.core.seeds import derive_seed
from evalkit.metrics.series_windows import Stretches, cut
from evalkit.metrics.small_networks import Recurrent, answers, both_sides, trained
from evalkit.statistics.influence import Estimate
from evalkit.statistics.splitting import learning_influences
from evalkit.statistics.two_samples import auc_estimate

Array = NDArray[np.float64]
Places = NDArray[np.intp]

_BATCH = 32
_RATE = 1e-2
_SPLITS = 2

_TOLD = "AUC of a GRU on {n} + {m} held-out windows, variance of DeLong by independent stretch; the interval is given the network"
_FORETOLD = (
    "mean absolute error of the next step, of a GRU that learned from {m} generated windows less that of one from {n} real ones, "
    "on {asked} other real windows; variance by independent stretch, of the learning from disjoint halves"
)


@dataclass(frozen=True)
class TimeganScores:
    """A discriminative and a predictive score of series, both on stretches that the networks have not seen.

    ``discriminative`` is the area under the ROC curve with which a network tells held-out real from held-out generated windows:
    0.5 where it cannot. ``predictive`` is how much larger the error of foretelling the next step of real series is for a
    network that learned from generated windows than for one that learned from as many real ones: 0 where they teach as well, in
    standard deviations of the channels. It may fall below 0.

    TimeGAN's own figures are |accuracy - 1/2|, which few windows push above 0 where nothing differs, and an error without the
    real network's beside it; its overlapping windows lie on both sides of the split. Here series, or long stretches of them, are
    on one side each. Networks this small, trained this shortly, do not see everything.

    Attributes:
        length: steps a window, >= 2; None: 24, or as many as half of the stretches have, if that is fewer.
        hidden: units of each network, >= 1.
        steps: of training, >= 1.

    Source: Yoon, Jarrett and van der Schaar, "Time-series generative adversarial networks", NeurIPS 2019.

    >>> draw = np.random.default_rng(0)
    >>> waves = Series.of(list(np.sin(draw.normal(size=(40, 1, 1)) + np.arange(12)[:, None])), ("level",))
    >>> noise = Series.of(list(draw.normal(size=(40, 12, 1))), ("level",))
    >>> found = TimeganScores(steps=30).estimates(waves, noise, seed=0)
    >>> found["discriminative"].value > 0.7, found["predictive"].value > 0.1
    (True, True)
    """

    length: int | None = None
    hidden: int = 12
    steps: int = 150

    def estimates(self, reference: Series, generated: Series, *, seed: int) -> Mapping[str, Estimate]:
        """``discriminative`` and ``predictive``, with one influence an independent stretch.

        Raises:
            InputError: they are no series, have other channels, or a setting is out of its range.
            ShapeError: fewer than 8 series or long stretches on a side.
        """
        if self.hidden < 1 or self.steps < 1:
            raise InputError(f"networks need a unit and a step or more, got hidden={self.hidden} and steps={self.steps}")
        ours, theirs = cut(reference, generated, length=self.length, seed=seed)
        return {"discriminative": self._told(ours, theirs, seed), "predictive": self._foretold(ours, theirs, seed)}

    def _told(self, ours: Stretches, theirs: Stretches, seed: int) -> Estimate:
        known = [side.windows[side.part(held_out=False)] for side in (ours, theirs)]
        real = np.arange(sum(map(len, known))) < len(known[0])
        channels = ours.windows.shape[2]
        network = trained(
            lambda: Recurrent(channels, self.hidden, 1, each_step=False),
            np.concatenate(known),
            real[:, None].astype(np.float64),
            functional.binary_cross_entropy_with_logits,
            both_sides(real, _BATCH),
            steps=self.steps,
            learning_rate=_RATE,
            seed=derive_seed(seed, "discriminative"),
        )
        said = [answers(network, side.windows[side.part(held_out=True)])[:, 0] for side in (ours, theirs)]
        area = auc_estimate(*said)
        method = _TOLD.format(n=len(said[0]), m=len(said[1]))
        influences = ours.by_stretch(area.reference), theirs.by_stretch(area.generated)
        return Estimate(area.value, "lower", method, *influences, range=(0.0, 1.0))

    def _foretold(self, ours: Stretches, theirs: Stretches, seed: int) -> Estimate:
        asked = ours.windows[ours.part(held_out=True)]
        errors = [self._errors(side.windows[side.part(held_out=False)], asked, seed) for side in (ours, theirs)]
        lead = errors[1] - errors[0]
        value = float(lead.mean())
        learned = [self._learning(side, ours, seed) for side in (ours, theirs)]
        n, m = (int(side.part(held_out=False).sum()) for side in (ours, theirs))
        method = _FORETOLD.format(n=n, m=m, asked=len(asked))
        return Estimate(value, "lower", method, ours.by_stretch(lead - value) - learned[0], learned[1])

    def _learning(self, side: Stretches, ours: Stretches, seed: int) -> Array:
        asked = ours.windows[ours.part(held_out=True)]

        def error(stretches: Places) -> tuple[float, Array]:
            errors = self._errors(side.windows[np.isin(side.stretch, stretches)], asked, seed, share=0.5)
            return float(errors.mean()), ours.by_stretch(errors - errors.mean())

        return learning_influences(error, np.flatnonzero(~side.asked), side.n, seed=seed, splits=_SPLITS)

    def _errors(self, known: Array, asked: Array, seed: int, *, share: float = 1.0) -> Array:
        """How far each window's next steps are missed on average, (windows,)."""
        channels = asked.shape[2] // 2
        network = trained(
            lambda: Recurrent(2 * channels, self.hidden, channels, each_step=True),
            known[:, :-1],
            known[:, 1:, :channels],
            functional.l1_loss,
            lambda draw: draw.integers(0, len(known), _BATCH),
            steps=max(1, round(share * self.steps)),
            learning_rate=_RATE,
            seed=derive_seed(seed, "predictive"),
        )
        return np.asarray(np.abs(answers(network, asked[:, :-1]) - asked[:, 1:, :channels]).mean(axis=(1, 2)), dtype=np.float64)
