import numpy as np
import pandas as pd
import pytest
from sqlalchemy import func, select

from evalkit.core.errors import InputError
from evalkit.core.sample import Images, Series, Texts
from evalkit.data import load
from evalkit.study import ItemPlan, StudyDesign, create_study, invite
from evalkit.study.contents import ROWS, content_of
from evalkit.study.tables import ContentRow, QuestionRow
from tests.study.studies import small_study
from tests.study.test_serving import asked


def questions(store) -> int:
    with store.reading() as session:
        return session.scalar(select(func.count(QuestionRow.id))) or 0


@pytest.mark.parametrize(
    ("design", "expected"),
    [({}, 12), ({"task": "likert"}, 12), ({"task": "ranking"}, 4), ({"task": "choice", "shown": 2}, 12), ({"task": "review"}, 12)],
)
def test_every_group_of_outputs_is_a_question(store, design, expected):
    small_study(store, **design)
    assert questions(store) == expected


def test_equal_outputs_are_kept_once(store):
    create_study(store, "s", StudyDesign(), {name: Texts.of(["the same"] * 5) for name in "ab"})
    with store.reading() as session:
        assert session.scalar(select(func.count()).select_from(ContentRow)) == 1


def test_prompt_reference_and_context_are_shown(store):
    made = {name: Texts.of([name]) for name in "ab"}
    plan = ItemPlan(name="1", prompt="Say a letter.", context={"language": "English"})
    create_study(store, "s", StudyDesign(), made, [plan], reference=Texts.of(["c"]))
    [rater] = invite(store, "s", ["Ann"])
    found = asked(store, rater.token)
    assert (found.prompt, found.reference.text(), found.context) == ("Say a letter.", "c", {"language": "English"})


def test_images_arrive_as_they_were(store):
    from io import BytesIO

    from PIL import Image

    pixels = np.random.default_rng(0).integers(0, 256, (2, 9, 7, 3), dtype=np.uint8)
    create_study(store, "s", StudyDesign(), {"a": Images.of(pixels), "b": Images.of(255 - pixels)})
    [rater] = invite(store, "s", ["Ann"])
    shown = {np.asarray(Image.open(BytesIO(output.data))).tobytes() for output in asked(store, rater.token).outputs}
    assert shown & {image.tobytes() for image in pixels}


def test_series_and_missing_steps():
    series = Series.of([np.array([[1.0, np.nan], [0.5, 2.0]])], channels=("level", "flow"))
    assert content_of(series, 0).fields() == {"channels": ["level", "flow"], "values": [[1.0, None], [0.5, 2.0]]}


def test_several_rows_of_a_table_make_one_output(store):
    frame = pd.DataFrame({"amount": [1.0, None, 2.5, 4.0], "kind": list("xyxy")})
    create_study(store, "s", StudyDesign(), {"a": load(frame), "b": load(frame.iloc[::-1].reset_index(drop=True))}, rows=2)
    assert questions(store) == 2
    [rater] = invite(store, "s", ["Ann"])
    found = asked(store, rater.token)
    assert {output.media_type for output in found.outputs} == {ROWS}
    first = {"columns": ["amount", "kind"], "rows": [[1.0, "x"], [None, "y"]]}
    assert content_of(load(frame), 0, 2).fields() == first


@pytest.mark.parametrize(("rows", "said"), [(0, "1 to 50 rows"), (51, "1 to 50 rows"), (2, "of a table only")])
def test_sets_of_rows_that_cannot_be_shown_are_refused(store, rows, said):
    with pytest.raises(InputError, match=said):
        create_study(
            store,
            "s",
            StudyDesign(),
            {"a": text(4), "b": text(4)},
            [ItemPlan(name=str(i)) for i in range(4 // (rows or 1) or 1)],
            rows=rows,
        )
    assert questions(store) == 0


def text(n: int = 2) -> Texts:
    return Texts.of(["x"] * n)


@pytest.mark.parametrize(
    ("name", "made", "settings", "said"),
    [
        ("", {"a": text(), "b": text()}, {}, "study's name"),
        ("a\x00b", {"a": text(), "b": text()}, {}, "study's name"),
        ("s", {}, {}, "needs generators"),
        ("s", {"a": text(0), "b": text(0)}, {}, "at least one row"),
        ("s", {"a": text()}, {}, "shows 2 outputs side by side, and there are 1"),
        ("s", {"a": text(), "b": text()}, {"task": "best_worst"}, "shows 2 outputs"),
        ("s", {"a": text(), "b": text(3)}, {}, "b has 3 rows for 2 items"),
        ("s", {"a": text(), "": text()}, {}, "generator's name"),
    ],
)
def test_what_cannot_be_a_study_is_refused_and_nothing_is_written(store, name, made, settings, said):
    with pytest.raises(InputError, match=said):
        create_study(store, name, StudyDesign(**settings), made)
    assert questions(store) == 0


@pytest.mark.parametrize(
    ("plans", "said"),
    [
        ([{"name": "1"}, {"name": "1"}], "name of its own"),
        ([{"name": "1"}, {"name": "2", "kind": "check"}], "needs the answer expected"),
        ([{"name": "1"}, {"name": "2", "kind": "check", "expected": {"generator": "z"}}], "does not have"),
        ([{"name": "1"}, {"name": "2", "kind": "practice", "expected": {"value": 3}}], "one of choice, generator"),
    ],
)
def test_items_that_do_not_fit_are_refused(store, plans, said):
    with pytest.raises(InputError, match=said):
        create_study(store, "s", StudyDesign(), {"a": text(), "b": text()}, [ItemPlan(**plan) for plan in plans])


def test_a_name_is_taken_once(store):
    small_study(store)
    with pytest.raises(InputError, match="there already"):
        small_study(store)


def test_an_output_too_large_to_show_is_refused_by_its_row(store):
    with pytest.raises(InputError, match=r"row 2 .* takes 5.0 MB"):
        create_study(store, "s", StudyDesign(), {"a": Texts.of(["x", "y" * 5_000_000]), "b": text()})


def test_names_that_are_sql_or_markup_are_names(store):
    hostile = "x'); DROP TABLE votes; --", '<script>alert("1")</script>', "![a](http://canary.invalid/x.png)", "\u202eevil"[1:]
    create_study(store, hostile[0], StudyDesign(), {name: text() for name in hostile[1:]})
    [rater] = invite(store, hostile[0], [hostile[0]])
    assert asked(store, rater.token).study == hostile[0]
    assert questions(store) == 6
