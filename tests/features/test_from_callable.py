"""The user's own function: what is checked before it is believed."""

import numpy as np
import pytest

from evalkit.core.errors import InputError, ShapeError
from evalkit.core.sample import Images, Texts
from evalkit.features import FromCallable

IMAGES = Images.of(np.random.default_rng(0).integers(0, 256, (20, 4, 4, 1), dtype=np.uint8))


def flat(images: Images) -> np.ndarray:
    return images.pixels.reshape(len(images), -1) / 255


def test_features_are_what_the_function_gives() -> None:
    features = FromCallable(flat, "flat").fit(IMAGES, seed=0).extract(IMAGES)
    np.testing.assert_array_equal(features.values, flat(IMAGES))
    assert features.extractor == "flat"


def test_the_digest_follows_name_and_behaviour() -> None:
    def digest(function, name="flat", seed=0):
        return FromCallable(function, name).fit(IMAGES, seed=seed).digest

    assert digest(flat) == digest(lambda images: flat(images) + 0.0)
    assert len({digest(flat), digest(lambda images: flat(images) * 2), digest(flat, "other")}) == 3


def test_scaling_by_the_batch_is_refused() -> None:
    with pytest.raises(InputError, match="a row alone other features"):
        FromCallable(lambda images: flat(images) - flat(images).mean(axis=0), "scaled").fit(IMAGES, seed=0)


def test_a_function_that_draws_is_refused() -> None:
    draw = np.random.default_rng(0)
    with pytest.raises(InputError, match="gives"):
        FromCallable(lambda images: draw.normal(size=(len(images), 2)), "random").fit(IMAGES, seed=0)


def test_one_row_shows_a_function_that_draws() -> None:
    calls: list[int] = []

    def changing(images: Images) -> np.ndarray:
        calls.append(1)
        return np.full((len(images), 2), float(len(calls) == 2))

    with pytest.raises(InputError, match="a second call"):
        FromCallable(changing, "changing").fit(IMAGES.take(slice(1)), seed=0)


def test_float32_networks_may_round_otherwise_in_another_batch() -> None:
    def rounded(images: Images) -> np.ndarray:
        return flat(images) * (1 + 1e-6 * len(images))

    FromCallable(rounded, "rounded").fit(IMAGES, seed=0)


@pytest.mark.parametrize(
    "function",
    [
        lambda images: flat(images)[0],
        lambda images: flat(images)[:1].repeat(len(images) + 1, axis=0),
        lambda images: np.zeros((len(images), 0)),
        lambda images: flat(images)[:, :, None],
    ],
)
def test_other_shapes_are_refused(function) -> None:
    with pytest.raises(ShapeError, match="mine must give one row of features"):
        FromCallable(function, "mine").fit(IMAGES, seed=0)


def test_what_is_not_finite_or_no_number_is_refused() -> None:
    for bad, words in ((np.nan, "missing or infinite"), (np.inf, "missing or infinite"), ("a", "real numbers")):
        with pytest.raises(InputError, match=words):
            FromCallable(lambda images, bad=bad: [[bad]] * len(images), "mine").fit(IMAGES, seed=0)


def test_later_rows_are_checked_too() -> None:
    fitted = FromCallable(lambda texts: [[1.0 / len(text) if text else np.nan] for text in texts.texts.to_pylist()], "mine").fit(
        Texts.of(["a", "bc"]), seed=0
    )
    with pytest.raises(InputError, match="row 2"):
        fitted.extract(Texts.of(["a", ""]))


def test_no_row_is_too_few() -> None:
    with pytest.raises(ShapeError, match="needs a reference row"):
        FromCallable(flat, "flat").fit(IMAGES.take(slice(0)), seed=0)


def test_errors_of_the_function_are_its_own() -> None:
    with pytest.raises(ZeroDivisionError):
        FromCallable(lambda images: 1 / 0, "mine").fit(IMAGES, seed=0)
