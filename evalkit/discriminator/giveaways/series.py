"""What gives generated series away: decimals, repeats, gaps, ranges, jumps, time lags, frequencies."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from evalkit.core.errors import InputError, ShapeError
from evalkit.core.sample import Series
from evalkit.discriminator.giveaways.cells import decimals
from evalkit.discriminator.giveaways.giveaway import Giveaway, What
from evalkit.discriminator.giveaways.statistics import statistic_giveaway
from evalkit.discriminator.halves import FEWEST
from evalkit.features.windows import filled
from evalkit.metrics.series_windows import stretches_of

Array = NDArray[np.float64]

_LEAST_STEPS = 8
_LAGS = (1, 2, 4, 8, 16)
_BANDS = ((0.0, 0.1, "slow"), (0.1, 0.5, "middle"), (0.5, 1.0, "fast"))
_STILL = 1e-18

_SENTENCES: dict[What, str] = {
    "level": "{column} has a mean of {{found}} in generated series, of {{usual}} in the reference's.",
    "range": "{column} spans {{found}} within a generated stretch, {{usual}} within one of the reference.",
    "jumps": "The largest step of {column} is {{found}} within a generated stretch, {{usual}} within one of the reference.",
    "repeated values": "{column} stays exactly as it was in {{found}} of generated steps, in {{usual}} of the reference's.",
    "decimals": "{column} is written with {{found}} decimals on average in generated series, with {{usual}} in the reference's.",
    "missing values": "{column} is missing in a share of {{found}} of generated steps, in {{usual}} of the reference's.",
}
_LAG = "{column} correlates with itself {lag} step{s} before by {{found}} in generated series, by {{usual}} in the reference's."
_BAND = "{speed} changes make a share of {{found}} of the variation of {column} in generated series, {{usual}} in the reference's."


def series_giveaways(reference: Series, generated: Series, *, seed: int) -> Iterator[Giveaway]:
    """Simple statistics of each channel in each independent stretch, compared between the samples; and how long the series are.

    A series is a stretch; where there are few, each is cut into long ones, twenty in all. All stretches are cut to one length, the
    smaller of both samples' medians, and shorter ones are left aside, since ranges grow with length. Stretches of one series are
    taken as independent: slow drifts over many of them make p-values too small.

    Args:
        reference: real series, 10 stretches of 8 steps or more.
        generated: likewise, with the same channels.
        seed: of the permutations.

    Raises:
        InputError: the channels are not the same.
        ShapeError: fewer than 10 stretches of 8 steps on a side.
    """
    if reference.channels != generated.channels:
        raise InputError("giveaways need the same channels on both sides: load the generated series under the reference's schema")
    lengths = [np.diff(series.starts).astype(np.float64) for series in (reference, generated)]
    if min(map(len, lengths)) >= FEWEST:
        sentence = "Generated series have {found} steps on average, the reference's {usual}."
        yield from _told(statistic_giveaway("length", "time", lengths[0], lengths[1], sentence, seed=seed))
    ours, theirs = _of_one_length(reference, generated)
    for place, channel in enumerate(reference.channels):
        real, drawn = (statistics_of_steps(channel, stretches[:, :, place]) for stretches in (ours, theirs))
        for (what, sentence), values in real.items():
            yield from _told(statistic_giveaway(what, channel, values, drawn[what, sentence], sentence, seed=seed))


@np.errstate(over="ignore", invalid="ignore")  # huge values give statistics that are not finite, and those are left aside
def statistics_of_steps(channel: str, steps: Array) -> dict[tuple[What, str], Array]:
    """Statistics of each stretch of one channel, (n,), by what they are and their sentence; NaN where nothing is known.

    Args:
        channel: its name.
        steps: (n, length), NaN = missing.

    >>> found = statistics_of_steps("level", np.array([[1.0, 1.0, 2.5, np.nan, 2.5, 1.0, 1.0, 1.0]]))
    >>> {what: float(values[0]) for (what, _), values in found.items() if what in ("range", "jumps", "missing values")}
    {'range': 1.5, 'jumps': 1.5, 'missing values': 0.125}
    """
    named = repr(channel).replace("{", "{{").replace("}", "}}")
    missing = np.isnan(steps)
    whole = filled(steps[:, :, None], missing[:, :, None])[:, :, 0]
    change = np.diff(whole, axis=1)
    known = ~missing[:, 1:] & ~missing[:, :-1]
    found: dict[What, Array] = {
        "level": whole.mean(axis=1),
        "range": whole.max(axis=1) - whole.min(axis=1),
        "jumps": np.abs(change).max(axis=1),
        "repeated values": _mean((change == 0) & known, known),
        "decimals": _mean(decimals(np.nan_to_num(steps).ravel()).reshape(steps.shape), ~missing),
        "missing values": missing.mean(axis=1),
    }
    told = {(what, _SENTENCES[what].format(column=named)): values for what, values in found.items()}
    return told | _in_time(named, whole)


def _in_time(column: str, steps: Array) -> dict[tuple[What, str], Array]:
    """Autocorrelations and shares of the power in bands; a stretch that does not move has none."""
    centred = steps - steps.mean(axis=1, keepdims=True)
    power = (centred**2).sum(axis=1)
    power = np.where(power > _STILL * (steps**2).sum(axis=1), power, np.nan)
    found: dict[tuple[What, str], Array] = {}
    for lag in _LAGS:
        if lag <= steps.shape[1] // 4:
            sentence = _LAG.format(column=column, lag=lag, s="s" * (lag > 1))
            found["time lag", sentence] = (centred[:, lag:] * centred[:, :-lag]).sum(axis=1) / power
    spectrum = np.abs(np.fft.rfft(centred, axis=1)[:, 1:]) ** 2
    total = np.where(np.isnan(power), np.nan, spectrum.sum(axis=1))
    frequency = np.arange(1, spectrum.shape[1] + 1) * 2 / steps.shape[1]
    for low, high, speed in _BANDS:
        inside = (frequency > low) & (frequency <= high)
        if inside.any():
            sentence = _BAND.format(column=column, speed=speed.capitalize())
            found["frequencies", sentence] = spectrum[:, inside].sum(axis=1) / total
    return found


def _of_one_length(reference: Series, generated: Series) -> tuple[Array, Array]:
    parts = [stretches_of(series, _LEAST_STEPS) for series in (reference, generated)]
    length = max(_LEAST_STEPS, int(min(np.median([len(part) for part in stretches] or [0]) for stretches in parts)))
    kept = [[part[:length] for part in stretches if len(part) >= length] for stretches in parts]
    if min(map(len, kept)) < FEWEST:
        raise ShapeError(
            f"giveaways need {FEWEST} series or long stretches of {length} steps a side, got {len(kept[0])} and {len(kept[1])}: "
            "give more or longer series"
        )
    return np.stack(kept[0]), np.stack(kept[1])


def _mean(values: NDArray[np.bool_] | NDArray[np.int64], counted: NDArray[np.bool_]) -> Array:
    """Over what is counted; NaN where nothing is."""
    n = counted.sum(axis=1)
    return np.asarray(np.where(n > 0, np.where(counted, values, 0).sum(axis=1) / np.maximum(n, 1), np.nan), dtype=np.float64)


def _told(one: Giveaway | None) -> Iterator[Giveaway]:
    if one is not None:
        yield one
