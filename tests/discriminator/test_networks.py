"""Families of images and series: what only they see, the level of the test, the shapes that are refused."""

import numpy as np
import pytest

from evalkit.core.errors import ShapeError
from evalkit.discriminator.c2st import ClassifierTest
from evalkit.discriminator.gallery import gallery
from evalkit.discriminator.networks import Convolutional, Recurrent
from evalkit.discriminator.panel import run_panel


def images(seed, n=120, blurred=False):
    """Noise of variance 1; blurred: the same law of each pixel, neighbours alike."""
    noise = np.random.default_rng(seed).normal(size=(n, 8, 8, 1))
    return (noise + np.roll(noise, 1, axis=2)) / np.sqrt(2) if blurred else noise


def walks(seed, n=120, backwards=False):
    """Jumps that decay: backwards, the same values in another order."""
    draw = np.random.default_rng(seed)
    steps = draw.exponential(size=(n, 1, 1)) * 0.6 ** np.arange(12)[:, None] + 0.05 * draw.normal(size=(n, 12, 1))
    return steps[:, ::-1] if backwards else steps


@pytest.mark.parametrize(
    ("family", "reference", "generated"),
    [("convolutional", images(0), images(1, blurred=True)), ("recurrent", walks(0), walks(1, backwards=True))],
)
def test_what_only_neighbours_and_order_tell_is_seen(family, reference, generated):
    found = ClassifierTest(family).run(reference, generated, seed=0, control=False).found
    assert found.auc.low > 0.75
    assert found.p_value <= 0.001


@pytest.mark.parametrize(("family", "made"), [(Convolutional, images), (Recurrent, walks)])
def test_the_level_holds_whatever_the_family(family, made, monkeypatch):
    """The networks are trained shortly: the test's level does not rest on how good they are."""
    name = family.__name__.lower()
    monkeypatch.setattr("evalkit.discriminator.c2st.FAMILIES", _short(name, family))
    p_values = [
        ClassifierTest(name).run(made(2 * i, 40), made(2 * i + 1, 40), seed=i, control=False).found.p_value for i in range(40)
    ]
    assert np.mean(np.array(p_values) <= 0.05) <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 40)
    assert np.mean(np.array(p_values) <= 0.5) <= 0.5 + 4 * np.sqrt(0.25 / 40)


def _short(name, family):
    from evalkit.discriminator import FAMILIES

    class Short:
        axes = FAMILIES[name].axes

        @staticmethod
        def load():
            return lambda: family(steps=5)

    return {name: Short}


def test_the_units_of_pixels_do_not_count():
    x, real = images(0, 60), np.arange(60) < 30
    plain, moved = (Convolutional(steps=5).fit(rows, real, seed=0).realness(rows) for rows in (x, 1e4 + 1e3 * x))
    np.testing.assert_allclose(plain, moved, atol=1e-4)


def test_galleries_and_panels_read_such_rows_too():
    reference, generated = walks(0, 60), walks(1, 60)
    generated[3] = 50.0
    seen = gallery(reference, generated, seed=0, family="recurrent")
    assert seen.generated.shape == (60,)
    assert len(run_panel(reference, generated, seed=0, families=["recurrent"]).results) == 1


@pytest.mark.parametrize(
    ("family", "shape", "axes"),
    [
        ("convolutional", (20, 8), "height, width, channels"),
        ("recurrent", (20, 8, 8, 1), "length, channels"),
        ("logistic", (20, 8, 8, 1), "features"),
        ("recurrent", (20, 0, 1), "length, channels"),
    ],
)
def test_rows_of_other_axes_are_refused(family, shape, axes):
    with pytest.raises(ShapeError, match=axes):
        ClassifierTest(family).run(np.zeros(shape), np.zeros(shape), seed=0)
