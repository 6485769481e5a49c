from evalkit.core.progress import Step
from evalkit.run.curve import FILE, CurveWriter, Point, read_curve


def step(done, loss=None, stage="fitting", **figures):
    return Step(stage, done, 100, ({} if loss is None else {"loss": loss}) | figures)


def test_it_grows_with_what_is_measured(tmp_path):
    curve = CurveWriter(tmp_path)
    for seen in (step(10, 3.0), step(15), step(20, 2.0), step(100, 2.0)):
        curve.add(seen)
    assert read_curve(tmp_path) == [
        Point(stage="fitting", step=10, figures={"loss": 3.0}),
        Point(stage="fitting", step=20, figures={"loss": 2.0}),
    ]


def test_going_on_from_an_earlier_step_drops_what_was_measured_behind_it(tmp_path):
    first = CurveWriter(tmp_path)
    for seen in (step(10, 1.0, stage="trial 1"), step(10, 3.0), step(20, 2.0), step(30, 1.5)):
        first.add(seen)
    second = CurveWriter(tmp_path)
    second.add(step(25))
    assert [point.step for point in read_curve(tmp_path)] == [10, 10, 20]
    second.add(step(30, 1.4))
    assert [(point.stage, point.step, point.figures["loss"]) for point in read_curve(tmp_path)] == [
        ("trial 1", 10, 1.0),
        ("fitting", 10, 3.0),
        ("fitting", 20, 2.0),
        ("fitting", 30, 1.4),
    ]


def test_a_line_that_was_cut_by_a_kill_is_left_out(tmp_path):
    CurveWriter(tmp_path).add(step(10, 3.0))
    with (tmp_path / FILE).open("a") as file:
        file.write('{"stage": "fitting", "step": 20, "fig')
    assert [point.step for point in read_curve(tmp_path)] == [10]
    CurveWriter(tmp_path).add(step(20, 2.0))
    assert [point.step for point in read_curve(tmp_path)] == [10, 20]


def test_figures_that_are_no_numbers_are_left_out(tmp_path):
    CurveWriter(tmp_path).add(step(10, 3.0, accuracy=float("nan")))
    assert read_curve(tmp_path)[0].figures == {"loss": 3.0}


def test_no_curve_is_an_empty_one(tmp_path):
    assert read_curve(tmp_path) == []
