"""The closer look on a page of Compare: what gives a generator away, with rows to look at."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from evalkit.compare.closer_look import CloserLook, Exhibit, Shown
from tests.apps.comparing import evaluation, kept, marked, shown, texts
from tests.compare.evaluations import a_look


def test_what_gives_a_generator_away_is_shown_one_generator_at_a_time(app):
    made = evaluation("one", "two")
    looks = (a_look("cells", "one"), a_look("text", "two"))
    page = app("compare", run=kept(made.model_copy(update={"looks": looks})).id)
    assert not page.exception
    assert any("is wide" in text for text in texts(page))
    assert any(text.startswith("What gives two away: 1 generated row equals a real one") for text in texts(page))
    assert page.segmented_control(key="closer").options == ["one: 3 finds", "two: 3 finds"]
    assert shown(page, "size")["size"].tolist() == ["1.5"]
    assert any("1 generated row equals" in text for text in texts(page))
    assert any("are among the oddest 5 %" in text and "it draws odd rows" in text for text in texts(page))
    assert any(text.startswith("• Row 0: ") and "usual 1 – 2" in text for text in texts(page))
    assert "Most convincing to the classifier" in marked(page)
    page.segmented_control(key="closer").set_value(1).run()
    assert not page.exception
    assert any("first line" in code.value for code in page.code)


def test_nothing_is_said_to_be_found_only_where_nothing_was(app):
    nothing = "Nothing was found that gives it away"
    copier = CloserLook(generator="one", n_copied=91, n_twins=95)
    odd = a_look("cells", "one").model_copy(update={"clues": (), "n_copied": 0, "copied": ()})
    for look, said in ((CloserLook(generator="one"), True), (copier, False), (odd, False)):
        job = kept(evaluation("one").model_copy(update={"looks": (look,)}), f"20260101-000000-{look.n_copied:02}{len(look.odd):04}")
        said_now = texts(app("compare", run=job.id))
        assert any(text.startswith(nothing) for text in said_now) == said
        assert any(text.endswith("0 of 91 shown.") for text in said_now) == (look is copier)


@pytest.mark.parametrize("kind", ["picture", "steps"])
def test_images_and_series_are_looked_at_as_what_they_are(app, kind):
    made = evaluation("one").model_copy(update={"looks": (a_look(kind, "one"),)})
    page = app("compare", run=kept(made).id)
    assert not page.exception
    charts = len(page.get("vega_lite_chart")) - 3
    assert (charts, len(page.get("image"))) == ((4, 0) if kind == "steps" else (0, 5))


def test_small_images_are_enlarged_with_hard_edges(app, monkeypatch):
    import streamlit

    seen = []
    monkeypatch.setattr(streamlit, "image", lambda image, caption, width, **_: seen.append((image, caption, width)))
    pixels, file = np.array([[0, 255, 90], [20, 140, 7]], dtype=np.uint8), io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    shown = Shown(row=7, kind="picture", picture=base64.b64encode(file.getvalue()).decode())
    look = CloserLook(generator="one", least=(Exhibit(shown=shown, realness=0.0085),))
    page = app("compare", run=kept(evaluation("one").model_copy(update={"looks": (look,)})).id)
    assert not page.exception
    ((image, caption, width),) = seen
    assert np.array_equal(image, pixels.repeat(32, axis=0).repeat(32, axis=1))
    assert (caption, width) == ("0.85 % real, image 7", 96)
