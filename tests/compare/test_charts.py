import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from evalkit.compare import charts
from evalkit.compare.alarms import at_fdr, most_anomalous_first, reasons_of

HOSTILE = '<script>alert(1)</script>"&\u202e](http://canary.invalid/x.png)'


def drawn(chart):
    """All rows of data that the chart holds."""
    return [row for rows in chart.to_dict()["datasets"].values() for row in rows]


def test_every_row_is_in_exactly_one_bar(make_detection):
    detection = make_detection()
    bars = [row for row in drawn(charts.score_histogram(detection)) if "rows" in row]
    flagged = sum(bar["rows"] for bar in bars if bar["state"] == "flagged")
    assert flagged == detection.summary.n_alarms
    assert sum(bar["rows"] for bar in bars) == detection.summary.n_rows


def test_bars_change_their_state_at_the_labelled_line(make_detection):
    detection = make_detection()
    rows = drawn(charts.score_histogram(detection))
    (line,) = [row for row in rows if "threshold" in row]
    assert line["threshold"] == detection.summary.threshold_score
    assert line["words"].startswith("flagged from ")
    for bar in rows:
        if "rows" in bar:
            assert (bar["score from"] >= line["threshold"] - 1e-9) == (bar["state"] == "flagged")


def test_without_alarms_there_is_no_line(make_detection):
    assert not [row for row in drawn(charts.score_histogram(make_detection(n_odd=0))) if "threshold" in row]


@pytest.mark.parametrize("scores", [[1.0], [2.0, 2.0, 2.0], [0.0, 1e-12], [-1e9, 0.0, 1e12]])
def test_odd_score_ranges_are_drawn(make_detection, scores):
    detection = make_detection(n_odd=0)
    few = detection.scores.head(len(scores)).assign(anomaly_score=scores)
    chart = charts.score_histogram(replace(detection, scores=few))
    assert sum(row["rows"] for row in drawn(chart)) == len(scores)
    assert charts.to_svg(chart).endswith("</svg>")


def test_flags_that_do_not_follow_the_score_are_all_counted(make_detection):
    detection = make_detection()
    mixed = detection.scores.assign(anomaly_score=np.random.default_rng(0).normal(size=len(detection.scores)))
    bars = [row for row in drawn(charts.score_histogram(replace(detection, scores=mixed))) if "rows" in row]
    assert sum(bar["rows"] for bar in bars if bar["state"] == "flagged") == detection.summary.n_alarms


def test_few_marks_for_many_rows(make_detection):
    detection = make_detection(n_rows=200_000, n_odd=20_000)
    assert detection.summary.n_alarms > 10_000
    for chart in (charts.score_histogram(detection), charts.p_value_plot(detection)):
        assert len(drawn(chart)) < 2000


def test_p_values_are_ranked_and_the_line_is_benjamini_hochbergs(make_detection):
    detection = make_detection()
    rows = drawn(charts.p_value_plot(detection))
    points = [row for row in rows if "state" in row]
    assert [row["p-value"] for row in points] == sorted(detection.scores["p_value"])[: len(points)]
    assert sum(row["state"] == "flagged" for row in points) == detection.summary.n_alarms
    for row in (row for row in rows if "state" not in row):
        assert row["p-value"] == pytest.approx(row["rank"] * 0.1 / 2000)


def test_every_p_value_is_in_one_of_twenty_bars_beside_the_level_line(make_detection):
    detection = make_detection()
    rows = drawn(charts.p_value_histogram(detection))
    bars = [row for row in rows if "p-value from" in row]
    (band,) = [row for row in rows if "level" in row]
    assert len(bars) == 20
    assert sum(bar["rows"] for bar in bars) == detection.summary.n_rows == 20 * band["level"]
    assert band["rows"] < band["level"] < band["top"]


def test_shape_says_what_colour_says(make_detection):
    layers = charts.p_value_plot(make_detection()).to_dict()["layer"]
    assert layers[0]["encoding"]["shape"]["scale"]["range"] == ["circle", "square"]


def test_a_p_value_of_zero_has_a_place(make_detection):
    detection = make_detection()
    zero = replace(detection, scores=detection.scores.assign(p_value=0.0))
    assert "NaN" not in charts.to_svg(charts.p_value_plot(zero))


def test_reasons_show_value_and_usual_in_words(make_detection):
    detection = make_detection()
    reasons = reasons_of(detection, int(most_anomalous_first(detection).index[0]))
    svg = charts.to_svg(charts.reason_bars(reasons))
    assert f"{reasons['column'][0]}: {reasons['value'][0]}" in svg
    assert f"usual: {reasons['usual'][0]}" in svg


@pytest.mark.parametrize("dark", [False, True])
def test_every_chart_is_well_formed_and_names_no_other_server(make_detection, dark):
    detection = make_detection(hostile=HOSTILE)
    hostile = pd.DataFrame({"column": [HOSTILE], "share": [0.9], "value": [HOSTILE], "usual": [HOSTILE]})
    for chart in (
        charts.score_histogram(detection, dark=dark),
        charts.p_value_plot(at_fdr(detection, 0.2), dark=dark),
        charts.reason_bars(hostile, dark=dark),
    ):
        svg = charts.to_svg(chart)
        root = ET.fromstring(svg)  # noqa: S314 - made here
        tags = {element.tag.rpartition("}")[2] for element in root.iter()}
        assert tags <= {"svg", "g", "path", "text", "rect", "defs", "clipPath", "line", "title"}
        assert not any("href" in name or name.startswith("on") for element in root.iter() for name in element.attrib)


def contrast(one, other):
    def light(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


# WCAG 2.2: 3 for graphics (1.4.11), 4.5 for text (1.4.3).
@pytest.mark.parametrize("palette", [charts.LIGHT, charts.DARK])
def test_colours_stand_out_from_the_page(palette):
    for colour in (palette.data, palette.flagged, palette.rest):
        assert contrast(colour, palette.page) >= 3
    assert contrast(palette.ink, palette.page) >= 4.5
