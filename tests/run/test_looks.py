"""What there is to look at in each family, opened from a folder as the app opens it."""

import numpy as np
import pandas as pd
import pytest

from evalkit.core.sample import Images, Series, Texts
from evalkit.data import load
from evalkit.run.fit import fit
from evalkit.run.looks import LONGEST_TEXT, Opened

TABLE = load(pd.DataFrame({"a": np.arange(40) / 7, "b": ["x", "y"] * 20}))
TEXTS = Texts.of(["the cat sat on the mat", "größer ist besser", "the dog sat"] * 10)
IMAGES = Images.of(np.arange(30 * 64, dtype=np.uint32).astype(np.uint8).reshape(30, 8, 8, 1))
WAVES = Series.of([np.sin(np.arange(400) / 5)[:, None]], channels=("level",))


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    def fitted(family, sample):
        folder = tmp_path_factory.mktemp(family) / "model"
        fit(sample, family, folder, steps=3)
        return Opened(folder)

    return fitted


def test_the_way_between_two_rows(opened):
    model = opened("vae", TABLE)
    assert model.looks() == ["interpolate"]
    way = model.way(TABLE, 0, 5, 7)
    assert len(way) == 7
    pd.testing.assert_frame_equal(way.frame.iloc[::-1].reset_index(drop=True), model.way(TABLE, 5, 0, 7).frame)


@pytest.mark.parametrize("sample", [TABLE, IMAGES, WAVES], ids=["table", "images", "series"])
def test_a_row_under_noise_and_noise_on_its_way_to_a_row(opened, sample):
    model = opened("diffusion", sample)
    assert "noising" in model.looks()
    assert len(model.noising(sample, 0, 4)) == 5
    film = model.denoising(4, seed=3)
    last, drawn = film.take(np.array([len(film) - 1])), model.draw(1, seed=3)
    if isinstance(drawn, Images):
        np.testing.assert_array_equal(last.pixels, drawn.pixels)
    elif isinstance(drawn, Series):
        np.testing.assert_allclose(last.values, drawn.values)
    else:
        pd.testing.assert_frame_equal(last.frame, drawn.frame)


def test_what_is_foretold_stands_beside_what_came(opened):
    model = opened("recurrent_lm", WAVES)
    assert model.looks() == ["forecast"]
    told = model.foretold(WAVES, 0, 0.99)
    assert told.known == 396
    assert told.median.shape == (4, 1)
    assert (told.low <= told.median).all()
    assert (told.median <= told.high).all()
    np.testing.assert_array_equal(told.steps, WAVES.values)
    with pytest.raises(TypeError, match="looks"):
        opened("vae", WAVES).foretold(WAVES, 0, 0.5)


def test_words_hold_the_whole_text_and_all_its_surprise(opened):
    model = opened("recurrent_lm", TEXTS)
    assert "surprise" in model.looks()
    text = "größer  the\ncat "
    words = model.words(text)
    assert "".join(word.text for word in words) == text
    assert [word.text.strip() for word in words] == ["größer", "the", "cat"]
    nats = model._model.score(Texts.of([text]))[0]
    assert sum(word.bits for word in words) == pytest.approx(nats / np.log(2))


def test_a_long_text_is_read_as_far_as_it_is_shown(opened):
    words = opened("recurrent_lm", TEXTS).words("ab " * LONGEST_TEXT)
    assert sum(len(word.text) for word in words) == LONGEST_TEXT


def test_what_a_family_cannot_show_is_not_offered(opened):
    model = opened("vae", TABLE)
    with pytest.raises(TypeError):
        model.noising(TABLE, 0, 4)
    with pytest.raises(TypeError):
        model.words("the cat")
