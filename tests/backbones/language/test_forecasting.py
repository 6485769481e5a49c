from typing import Any

import numpy as np
import pandas as pd
import pytest

from evalkit.backbones.recurrent_lm import RecurrentLM
from evalkit.backbones.transformer_lm import TransformerLM
from evalkit.core.errors import CapabilityError, InputError
from evalkit.core.sample import Series
from evalkit.core.seeds import generator
from evalkit.data import load
from evalkit.data.series_encoding import SeriesEncoder
from tests.backbones.mixed_rows import mixed_rows


def tide(n: int, seed: int = 0, entity: str = "pier") -> pd.DataFrame:
    """A wave of period 8 with little noise, and another channel that follows it a step later."""
    random = generator(seed, "tide")
    wave = np.sin(np.arange(n + 1) * np.pi / 4) + 0.1 * random.normal(size=n + 1)
    times = pd.date_range("2026-01-01", periods=n, freq="10min")
    return pd.DataFrame({"time": times, "entity": entity, "level": wave[1:], "flow": 50 + 10 * wave[:-1]})


def series_of(*frames: pd.DataFrame) -> Series:
    made = load(pd.concat(frames), modality="series", entity="entity")
    assert isinstance(made, Series)
    return made


@pytest.fixture(scope="module", params=[TransformerLM, RecurrentLM])
def model(request: pytest.FixtureRequest) -> Any:
    return request.param(width=16, steps=150).fit(series_of(tide(600)), encoder=SeriesEncoder(length=24, stride=1))


def test_a_wave_goes_on_as_a_wave(model: Any) -> None:
    frame = tide(240, seed=1)
    forecast = model.forecast(series_of(frame[:200]), steps=40)
    assert list(forecast) == ["entity", "time", "channel", "median", "low", "high"]
    assert len(forecast) == 40 * 2
    level = forecast[forecast["channel"] == "level"]
    assert (level["time"].to_numpy() == frame["time"].to_numpy()[200:]).all()
    truth = frame["level"].to_numpy()[200:]
    assert np.corrcoef(level["median"], truth)[0, 1] > 0.8
    assert 0.7 < ((level["low"] <= truth) & (truth <= level["high"])).mean() <= 1
    assert (level["low"] < level["median"]).all()


def test_a_forecast_depends_on_its_own_series_only(model: Any) -> None:
    both = series_of(tide(50, seed=2, entity="a"), tide(30, seed=3, entity="b"))
    together = model.forecast(both, steps=5, draws=20)
    alone = pd.concat([model.forecast(both.take(np.array([i])), steps=5, draws=20) for i in (0, 1)], ignore_index=True)
    pd.testing.assert_frame_equal(together, alone, rtol=1e-9)
    assert set(together["entity"]) == {"a", "b"}


def test_intervals_are_widened_until_they_would_have_held(model: Any) -> None:
    """A tide with three times the noise: the model's own intervals are too narrow, and what came before says so."""
    random = generator(0, "wild")
    wild = tide(400, seed=5)
    wild["level"] += 0.3 * random.normal(size=400)
    steps = series_of(wild).steps(0)
    held = {}
    for checks in (0, 8):
        origins = range(240, 388, 12)
        made = [model.foretold(steps[:origin], 12, 100, 0, 0.9, checks) for origin in origins]
        inside = [(low <= steps[o : o + 12]) & (steps[o : o + 12] <= high) for o, (_, low, high) in zip(origins, made, strict=True)]
        held[checks] = np.concatenate(inside)[:, 0].mean()
    assert held[0] < 0.8 < held[8]
    assert 0.82 < held[8] < 0.98


def test_a_series_too_short_to_check_has_the_models_own_intervals(model: Any) -> None:
    short = series_of(tide(30, seed=4))
    pd.testing.assert_frame_equal(model.forecast(short, steps=16, draws=20), model.forecast(short, steps=16, draws=20, checks=0))


def test_steps_nearby_do_not_depend_on_how_far_one_looks(model: Any) -> None:
    """Up to half a window is drawn in one go; what lies before a window does not count."""
    steps = series_of(tide(100, seed=4)).steps(0)
    long, short = (model.continued([given], 6, draws=10)[0] for given in (steps, steps[-18:]))
    np.testing.assert_array_equal(long, short)
    assert model.continued([steps], 30, draws=10)[0].shape == (10, 30, 2)


def test_a_short_history_with_missing_steps_is_enough(model: Any) -> None:
    history = np.array([[0.5, np.nan]])
    assert np.isfinite(model.continued([history], 3, draws=4)[0]).all()


def test_what_cannot_be_foretold_is_said(model: Any) -> None:
    steps = series_of(tide(100, seed=4))
    for wrong in ({"steps": 0}, {"steps": 10_001}, {"draws": 1}, {"level": 1.0}, {"checks": -1}):
        with pytest.raises(InputError):
            model.forecast(steps, **wrong)
    table = TransformerLM(layers=1, heads=2, width=16, steps=2).fit_rows(mixed_rows(30))
    with pytest.raises(CapabilityError, match="fit one to series"):
        table.forecast(steps)
    with pytest.raises(InputError, match="SeriesEncoder, got a TextEncoder"):
        from evalkit.data.text_encoding import TextEncoder

        RecurrentLM().fit(steps, encoder=TextEncoder())
    with pytest.raises(InputError, match="not both"):
        type(model)(width=16, steps=2).fit(steps, start=model, encoder=SeriesEncoder())
