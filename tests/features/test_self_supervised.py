"""What the network is trained on, and that it learns it."""

import numpy as np
import pytest
import torch

from evalkit.core.sample import Images
from evalkit.core.seeds import generator
from evalkit.features.convolutions import activations, levels, standard
from evalkit.features.self_supervised import SelfSupervised, _moved

CORNER = torch.arange(16.0).reshape(1, 1, 4, 4)


def test_eight_turns_of_a_square_and_four_of_a_rectangle() -> None:
    square = _moved(CORNER.repeat(8, 1, 1, 1), np.arange(8), np.zeros(8, dtype=np.int64))
    assert len({tuple(image.ravel().tolist()) for image in square}) == 8
    assert torch.equal(square[2, 0], torch.rot90(CORNER[0, 0]))
    wide = torch.arange(8.0).reshape(1, 1, 2, 4).repeat(4, 1, 1, 1)
    turned = _moved(wide, np.arange(4), np.zeros(4, dtype=np.int64))
    assert len({tuple(image.ravel().tolist()) for image in turned}) == 4


def test_shifts_by_an_eighth_of_the_side() -> None:
    image = torch.zeros(5, 1, 16, 8)
    image[:, :, 8, 4] = 1.0
    moved = _moved(image, np.zeros(5, dtype=np.int64), np.arange(5))
    places = [tuple(int(i) for i in torch.nonzero(one[0])[0]) for one in moved]
    assert places == [(8, 4), (8, 5), (8, 3), (10, 4), (6, 4)]


def arrows(n: int, seed: int) -> Images:
    """A bright corner piece, always the same way up, with noise."""
    draw = generator(seed, "arrows")
    pixels = draw.uniform(0, 60, (n, 8, 8, 1))
    pixels[:, 1:7, 1:3] += 150
    pixels[:, 5:7, 1:6] += 45
    return Images.of(pixels.astype(np.uint8))


def test_training_tells_turned_images_apart_better_than_random_weights_do() -> None:
    reference = arrows(64, 0)
    pixels = arrows(64, 1).pixels / 255

    def told_apart(steps: int) -> float:
        fitted = SelfSupervised(channels=(4, 8), steps=steps).fit(reference, seed=0)
        upright, turned = (
            activations(standard(some, *levels(reference.pixels / 255)), fitted.layers)
            for some in (pixels, np.rot90(pixels, 1, (1, 2)))
        )
        return float(
            np.linalg.norm((upright.mean(axis=0) - turned.mean(axis=0)) / (upright.std(axis=0) + turned.std(axis=0) + 1e-3))
        )

    assert told_apart(120) > 1.5 * told_apart(1)


def test_the_number_of_threads_changes_nothing() -> None:
    before = torch.get_num_threads()
    digests = set()
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            digests.add(SelfSupervised(steps=5).fit(arrows(20, 0), seed=0).digest)
    finally:
        torch.set_num_threads(before)
    assert len(digests) == 1


def test_nothing_global_is_drawn_or_changed() -> None:
    state = torch.random.get_rng_state()
    SelfSupervised(steps=2).fit(arrows(5, 0), seed=0)
    assert torch.equal(state, torch.random.get_rng_state())


@pytest.mark.parametrize("form", [(3, 1, 1, 1), (1, 3, 9, 3), (2, 70, 130, 1)])
def test_any_form_can_be_learned_from(form: tuple[int, ...]) -> None:
    images = Images.of(np.random.default_rng(0).integers(0, 256, form, dtype=np.uint8))
    assert SelfSupervised(steps=2).fit(images, seed=0).extract(images).values.shape == (form[0], 224)
