import numpy as np
import pandas as pd
import pytest

from evalkit.compare.charts import to_svg
from evalkit.compare.curves import MOST_POINTS, accuracy_curve, forecast_fan, loss_curve, series_lines


def curve(n=5, **figures):
    figures = figures or {"loss": np.linspace(3, 1, n), "held-out loss": np.linspace(3, 2, n)}
    parts = [pd.DataFrame({"step": 10 * np.arange(1, n + 1), "figure": name, "value": values}) for name, values in figures.items()]
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize("dark", [False, True])
def test_both_losses_are_named_at_their_ends(dark):
    svg = to_svg(loss_curve(curve(), dark=dark))
    assert ">training 1<" in svg
    assert ">held-out 2<" in svg


def test_a_game_shows_its_held_out_loss_and_its_accuracies_with_their_line():
    accuracy = "discriminator's accuracy"
    game = curve(
        loss=np.full(5, 0.7), **{"held-out loss": np.full(5, 0.1), accuracy: np.linspace(0.9, 0.6, 5), "spread": np.ones(5)}
    )
    assert "training" not in to_svg(loss_curve(game)).replace("training step", "")
    svg = to_svg(accuracy_curve(game))
    assert "discriminator" in svg
    assert "50 %: cannot be told apart" in svg
    assert "spread" not in svg
    assert accuracy_curve(curve()) is None


def test_a_chosen_step_is_pointed_at():
    marked = loss_curve(curve(), marked=20).to_dict()
    assert any("rule" in str(layer["mark"]) for layer in marked["layer"])


@pytest.mark.parametrize("dark", [False, True])
def test_a_forecast_is_a_band_over_what_came(dark):
    steps, middle = np.arange(40.0).reshape(20, 2), np.full((5, 2), 30.0)
    svg = to_svg(forecast_fan(steps, 15, (middle, middle - 1, middle + 1), ("level", "<b>flow</b>"), dark=dark))
    assert "what came" in svg
    assert ">level<" in svg
    assert "&lt;b&gt;flow" in svg


def test_long_curves_stay_light_and_keep_their_last_point():
    chart = loss_curve(curve(5000)).to_dict()
    sizes = [len(rows) for rows in chart["datasets"].values()]
    assert sum(sizes) <= 2 * MOST_POINTS + 10
    assert max(row["step"] for rows in chart["datasets"].values() for row in rows) == 50_000


def test_one_look_is_a_curve():
    assert "held-out" in to_svg(loss_curve(curve(1)))


def test_series_are_drawn_channel_by_channel():
    svg = to_svg(series_lines([np.zeros((500, 2)), np.ones((3, 2))], ("level", "<b>flow</b>"), names=("first", "last")))
    assert ">level<" in svg
    assert svg.count(">first<") == 1
    assert "&lt;b&gt;flow" in svg


def test_every_panel_draws_every_series_under_the_name_that_the_legend_has():
    chart = series_lines([np.zeros((5, 2)), np.ones((5, 2))], ("level", "flow"), names=("first", "last")).to_dict()
    data = chart["datasets"]
    drawn = [{row["series"] for row in data[panel["data"]["name"]]} for panel in chart["vconcat"]]
    assert drawn == [{"first", "last"}] * 2
