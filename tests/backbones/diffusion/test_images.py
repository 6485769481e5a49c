import numpy as np
import pytest

from evalkit.backbones.diffusion import Diffusion
from evalkit.core.errors import CapabilityError, InputError
from evalkit.core.seeds import generator
from evalkit.data.pixels import Pixels
from tests.backbones.mixed_rows import mixed_rows


def bars(n: int = 400, seed: int = 0) -> Pixels:
    """A light bar on dark ground, upright or lying, somewhere; the caption says which."""
    random = generator(seed, "bars")
    values = random.uniform(0.0, 0.1, (n, 1, 8, 8)).astype(np.float32)
    upright = random.integers(0, 2, n) == 1
    for image, stands, place in zip(values, upright, random.integers(1, 6, n), strict=True):
        if stands:
            image[0, :, place : place + 2] = 0.9
        else:
            image[0, place : place + 2, :] = 0.9
    return Pixels(values, tuple("upright" if stands else "lying" for stands in upright))


def uprightness(values: np.ndarray) -> np.ndarray:
    """From -1, a lying bar, to 1, an upright one."""
    along, across = values.mean(axis=2).var(axis=(1, 2)), values.mean(axis=3).var(axis=(1, 2))
    return (along - across) / (along + across)


@pytest.fixture(scope="module")
def model() -> Diffusion:
    return Diffusion(steps=500, width=16, depth=1, sampling_steps=8).fit_rows(bars())


@pytest.mark.parametrize(("caption", "sign"), [("upright", 1), ("Lying", -1)])
def test_a_caption_says_what_is_drawn(model: Diffusion, caption: str, sign: int) -> None:
    drawn = model.sample_rows(48, 1, caption)
    assert drawn.captions == (caption,) * 48
    assert np.mean(sign * uprightness(drawn.values) > 0.8) > 0.9


def test_without_a_caption_every_kind_is_drawn_as_often_as_it_was_there(model: Diffusion) -> None:
    drawn = model.sample_rows(96, 2)
    stands = np.array([caption == "upright" for caption in drawn.captions])
    assert 0.35 < stands.mean() < 0.65
    assert np.mean((uprightness(drawn.values) > 0) == stands) > 0.9
    alone = model.sample_rows(3, 2)
    assert alone.captions == drawn.captions[:3]
    np.testing.assert_array_equal(alone.values, drawn.values[:3])


def test_captions_that_are_no_kinds_are_not_kept() -> None:
    given = bars(40)
    each = Pixels(given.values, tuple(f"bar {i}" for i in range(40)))
    model = Diffusion(steps=2, width=8, depth=1, sampling_steps=2).fit_rows(each)
    assert model.network_.subjects.captions == ()
    assert model.sample_rows(3).captions is None
    assert "bar 1" not in str(model.to_state()["network"])


def test_a_drawn_image_has_the_same_bits_however_many_are_drawn(model: Diffusion) -> None:
    np.testing.assert_array_equal(model.sample_rows(20, 3, "lying").values[:3], model.sample_rows(3, 3, "lying").values)


def test_editing_turns_a_bar_when_much_noise_is_added_and_hardly_when_little(model: Diffusion) -> None:
    given = bars(40, seed=5)
    lying = given.take(np.flatnonzero(uprightness(given.values) < 0))
    turned = model.edit_rows(lying, "upright", strength=0.95)
    assert np.mean(uprightness(turned.values) > 0.5) > 0.8
    kept = model.edit_rows(lying, "lying", strength=0.2)
    assert np.abs(kept.values - lying.values).mean() < 0.08
    assert np.abs(turned.values - lying.values).mean() > 0.2


def test_filling_keeps_what_is_known_and_goes_on_with_it(model: Diffusion) -> None:
    given = bars(40, seed=6)
    upright = given.take(np.flatnonzero(uprightness(given.values) > 0))
    mask = np.zeros((8, 8), dtype=bool)
    mask[4:] = True
    filled = model.fill_rows(upright, mask)
    np.testing.assert_allclose(filled.values[:, :, :4], upright.values[:, :, :4], atol=1e-6)
    places = [values[0, :, :].reshape(2, 4, 8).mean(axis=1) for values in filled.values]
    assert np.mean([np.corrcoef(above, below)[0, 1] > 0.7 for above, below in places]) > 0.7


def test_a_disturbed_image_scores_higher_and_the_pixels_say_where(model: Diffusion) -> None:
    given = bars(40, seed=7)
    disturbed = given.values.copy()
    disturbed[:, 0, 0, 0] = 1 - disturbed[:, 0, 0, 0]
    odd = Pixels(disturbed, given.captions)
    assert np.mean(model.score_rows(odd) > model.score_rows(given)) > 0.9
    assert np.mean(model.terms_rows(odd).argmax(axis=1) == 0) > 0.5


def test_noising_and_denoising_can_be_looked_at(model: Diffusion) -> None:
    given = bars(10, seed=8)
    way = model.noising_rows(given, steps=4)
    np.testing.assert_allclose(way[0].values, given.values, atol=1e-6)
    away = [np.abs(step.values - given.values).mean() for step in way]
    assert away == sorted(away)
    back = model.denoising_rows(20, steps=4, random_state=3, condition="lying")
    np.testing.assert_array_equal(back[-1].values, model.sample_rows(20, 3, "lying").values)


def test_what_cannot_be_asked_for_is_refused_in_one_sentence(model: Diffusion) -> None:
    untold = Diffusion(steps=3, width=8, depth=1).fit_rows(Pixels(bars(20).values))
    with pytest.raises(InputError, match="without captions"):
        untold.sample_rows(2, condition="lying")
    with pytest.raises(InputError, match="strength"):
        model.edit_rows(bars(2), "lying", strength=0.0)
    with pytest.raises(InputError, match="mask"):
        model.fill_rows(bars(2), np.zeros((3, 3), dtype=bool))
    table = Diffusion(steps=3, width=8, depth=1).fit_rows(mixed_rows(50))
    with pytest.raises(CapabilityError, match="images only"):
        table.edit_rows(mixed_rows(5), "lying")
    with pytest.raises(InputError, match="guidance"):
        Diffusion(guidance=-1.0).fit_rows(bars(20))
