import numpy as np

from evalkit.backbones.gan.stop_rule.probe import probe_accuracy
from evalkit.core.seeds import generator


def draws(seed: int, shift: float = 0.0, n: int = 400) -> tuple[np.ndarray, np.ndarray]:
    rows = generator(seed, "probe test").normal(size=(n, 3))
    rows[:, 0] += shift * rows[:, 1]
    return rows[: n // 2], rows[n // 2 :]


def test_it_tells_what_differs_and_not_what_does_not() -> None:
    assert abs(probe_accuracy(draws(0), draws(1), seed=0) - 0.5) < 0.1
    assert probe_accuracy(draws(0), draws(1, shift=2.0), seed=0) > 0.7


def test_copies_of_the_rows_it_was_trained_on_gain_nothing() -> None:
    real = draws(0)
    assert abs(probe_accuracy(real, (real[0], real[0]), seed=0) - 0.5) < 0.1


def test_it_depends_on_the_seed_only() -> None:
    first, again = (probe_accuracy(draws(0), draws(1, shift=1.0), seed=3) for _ in range(2))
    assert first == again
