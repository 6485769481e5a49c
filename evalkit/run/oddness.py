"""How odd each generator's rows look to a detector fitted on half of the real rows: figures, and the oddest rows to look at."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from evalkit.compare.closer_look import OddRow, Reason
from evalkit.compare.evaluation import Measured
from evalkit.core.errors import CancelledError, EvalkitError
from evalkit.core.evidence import Evidence
from evalkit.core.progress import Progress, Step
from evalkit.core.sample import Series, Table
from evalkit.discriminator import DETECTOR
from evalkit.discriminator.oddness import RANK, SHARE, Judge, oddest
from evalkit.features.windows import stretches
from evalkit.run.equal_rows import Comparable, comparable
from evalkit.run.measuring import Asked, Given, evidence, failed, measure
from evalkit.statistics.influence import Estimate

N_ODD, N_REASONS = 5, 3
_SAID = ["column", "share", "value", "usual"]
Array = NDArray[np.float64]


@dataclass
class Odd:
    """What the detector says.

    Attributes:
        measured: the figures, or why there are none, generator by generator.
        estimates: behind them, by generator and figure.
        looks: what a closer look shows, by generator; see :class:`~evalkit.compare.closer_look.CloserLook`.
    """

    measured: list[Measured] = field(default_factory=list)
    estimates: dict[tuple[str, str], Estimate] = field(default_factory=dict)
    looks: dict[str, dict[str, Any]] = field(default_factory=dict)


class Figures(NamedTuple):
    """What was measured by all metrics.

    Attributes:
        measured: the figures, or why there are none.
        comparable: what generators are compared by.
        looks: as of :class:`Odd`.
    """

    measured: list[Measured]
    comparable: Comparable
    looks: dict[str, dict[str, Any]]


def measure_all(asked: Asked, progress: Progress) -> Figures:
    """:func:`~evalkit.run.measuring.measure`, and the detector where it is among the metrics."""
    others = replace(asked, metrics=[spec for spec in asked.metrics if spec.name != DETECTOR.name])
    measured, estimates = measure(others, progress)
    odd = Odd() if len(others.metrics) == len(asked.metrics) else measure_oddness(asked, progress)
    pairs = comparable(estimates | odd.estimates, others, progress)
    return Figures(measured + odd.measured, pairs, odd.looks)


def measure_oddness(asked: Asked, progress: Progress) -> Odd:
    """One detector for all generators, so that they are compared with what they share taken out."""
    ours, theirs, seed = asked.ours, asked.theirs, asked.seed
    found = Odd()
    progress(Step("looking for odd rows", 0, len(theirs) + 1))
    try:
        groups = stretches(ours.features.rows) if isinstance(ours.sample, Series) else None
        judge = Judge.fit(ours.read_by(DETECTOR), seed=seed, groups=groups)
    except CancelledError:
        raise
    except EvalkitError as error:
        found.measured += [failed(name, DETECTOR, figure, error) for name in theirs for figure in DETECTOR.figures]
        return found
    for done, (name, given) in enumerate(theirs.items(), start=1):
        progress(Step("looking for odd rows", done, len(theirs) + 1))
        _judge_one(found, judge, name, ours, given, seed)
    progress(Step("looking for odd rows", len(theirs) + 1, len(theirs) + 1))
    return found


def _judge_one(found: Odd, judge: Judge, name: str, ours: Given, theirs: Given, seed: int) -> None:
    try:
        p_values = judge.p_values(theirs.read_by(DETECTOR))
        estimates = _by_stretch(judge.estimates(p_values, seed=seed), ours, theirs)
    except CancelledError:
        raise
    except EvalkitError as error:
        found.measured += [failed(name, DETECTOR, figure, error) for figure in DETECTOR.figures]
        return
    own = {figure: evidence(figure, one, DETECTOR, ours, theirs, seed=seed) for figure, one in estimates.items()}
    found.estimates |= {(name, figure): one for figure, one in estimates.items()}
    found.measured += [Measured(generator=name, metric=DETECTOR.name, finding=each) for each in own.values()]
    found.looks[name] = {
        "oddest": own[SHARE],
        "oddest_control": _control(judge, ours, seed),
        "oddness": own[RANK],
        "odd": tuple(_odd_rows(judge, p_values, theirs)),
    }


def _control(judge: Judge, ours: Given, seed: int) -> Evidence:
    """The share of odd rows among real ones that the detector has not seen."""
    estimate = judge.share(judge.control)
    if isinstance(ours.sample, Series):
        groups = stretches(ours.features.rows)
        estimate = estimate.grouped(groups, groups[judge.held_out])
    return evidence(f"{SHARE} of unseen real rows", estimate, DETECTOR, ours, ours, seed=seed)


def _by_stretch(estimates: dict[str, Estimate], ours: Given, theirs: Given) -> dict[str, Estimate]:
    """Of windows with one influence an independent stretch."""
    if not isinstance(ours.sample, Series):
        return estimates
    groups = stretches(ours.features.rows), stretches(theirs.features.rows)
    return {figure: each.grouped(*groups) for figure, each in estimates.items()}


def _odd_rows(judge: Judge, p_values: Array, theirs: Given) -> Iterator[OddRow]:
    places = oddest(p_values, N_ODD)
    reasons = _reasons(judge, theirs.sample.take(np.array(places))) if isinstance(theirs.sample, Table) else [()] * len(places)
    for place, shown, why in zip(places, theirs.shown(places), reasons, strict=True):
        yield OddRow(shown=shown, p_value=float(p_values[place]), reasons=why)


def _reasons(judge: Judge, rows: Table) -> list[tuple[Reason, ...]]:
    """Each row's columns with the largest part in its oddness."""
    found = judge.detector.examine(rows).reasons
    return [
        tuple(Reason.model_validate(line) for line in found[found["row"] == place].head(N_REASONS)[_SAID].to_dict("records"))
        for place in range(len(rows))
    ]
