"""Each alarm, provoked; and none in a healthy game."""

from collections.abc import Callable

import pytest

from evalkit.backbones.gan import GAN
from evalkit.backbones.gan.stop_rule.alarms import (
    COLLAPSE,
    DEAD_DISCRIMINATOR,
    DEAD_GENERATOR,
    MEMORISED,
    TOO_STRONG,
    alarms,
)
from evalkit.backbones.gan.stop_rule.signs import ALIVE, BY_HEART, COVERAGE, DISCRIMINATOR, NEARNESS, PROBE, SPREAD
from evalkit.data.rows import Rows
from tests.backbones.gan.provoked import (
    Copies,
    DeadDiscriminator,
    FastDiscriminator,
    FrozenGenerator,
    OneMode,
    cells,
    payments,
    rings,
)

GOOD = {DISCRIMINATOR: 0.5, BY_HEART: 0.55, ALIVE: 0.8, PROBE: 0.5, SPREAD: 1.0, COVERAGE: 0.95, NEARNESS: 1.0}


def after(n: int, falling: bool = True, **last: float) -> tuple[str, ...]:
    """The alarms after two good looks and n with other figures."""
    changed = {DISCRIMINATOR: "accuracy", ALIVE: "alive", SPREAD: "spread", COVERAGE: "coverage", NEARNESS: "nearness"}
    bad = {name: last.get(short, GOOD[name]) for name, short in changed.items()}
    curves = {name: [value] * 2 + [bad.get(name, value)] * n for name, value in GOOD.items()}
    losses = [1.0 / (i + 1) if falling else 1.0 + 0.01 * i for i in range(n + 2)]
    return alarms(curves, losses, 100, 500)


def test_what_is_good_stays_silent() -> None:
    assert after(10) == after(10, falling=False) == ()


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        ({"alive": 0.5}, DEAD_DISCRIMINATOR),
        ({"accuracy": 0.01}, DEAD_DISCRIMINATOR),
        ({"spread": 0.4}, COLLAPSE),
        ({"coverage": 0.2}, COLLAPSE),
        ({"nearness": 0.1}, MEMORISED),
    ],
)
def test_a_sign_sounds_at_the_third_look_in_a_row(figures: dict[str, float], words: str) -> None:
    assert after(2, **figures) == ()
    assert after(3, **figures) == (words,)


def test_a_discriminator_is_too_strong_only_where_the_generator_gains_nothing() -> None:
    assert after(8, accuracy=0.95) == ()
    assert after(8, falling=False, accuracy=0.95) == (TOO_STRONG,)


@pytest.mark.parametrize(("flat", "expected"), [(3, ()), (4, (TOO_STRONG,))])
def test_four_looks_without_a_gain_are_enough(flat: int, expected: tuple[str, ...]) -> None:
    losses = [1.0, 0.9, 0.8, 0.7, *(0.6 - 0.01 * i for i in range(flat + 1))]
    curves = {name: [0.95 if name == DISCRIMINATOR else value] * len(losses) for name, value in GOOD.items()}
    assert alarms(curves, losses, 100, 500) == expected


@pytest.mark.parametrize(
    ("family", "rows", "steps", "words"),
    [
        (FastDiscriminator, payments, 350, TOO_STRONG),
        (FastDiscriminator, cells, 300, TOO_STRONG),
        (DeadDiscriminator, rings, 250, DEAD_DISCRIMINATOR),
        (FrozenGenerator, rings, 250, DEAD_GENERATOR),
        (OneMode, rings, 250, COLLAPSE),
        (Copies, rings, 250, MEMORISED),
    ],
)
def test_provoked_it_sounds_and_the_game_does_not_end_as_a_good_one(
    family: type[GAN], rows: Callable[[], Rows], steps: int, words: str
) -> None:
    history = family(steps=steps).fit_rows(rows()).history_
    assert words in history.alarms
    assert history.stopped is None


@pytest.mark.parametrize(("rows", "steps"), [(payments, 350), (cells, 300)])
def test_where_a_fast_discriminator_sounds_it_one_at_the_usual_rate_does_not(rows: Callable[[], Rows], steps: int) -> None:
    assert GAN(steps=steps).fit_rows(rows()).history_.alarms == []
