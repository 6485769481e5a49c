from evalkit.run.requests import DetectRequest

ALL_TEXT = ("text", "markdown", "caption")


def words(page):
    return " ".join(element.value for kind in ALL_TEXT for element in getattr(page, kind))


def test_an_empty_home_says_how_to_begin(app):
    page = app()
    assert not page.exception
    assert "No run yet" in words(page)
    assert [button.label for button in page.button] == ["Detect anomalies", "Train a generator", "Compare generators", "Ask people"]


def test_a_finished_run_is_listed_with_its_finding(app, finished, detection):
    page = app()
    assert not page.exception
    assert detection.summary.finding in [text.value for text in page.text]
    assert "small.csv" in [text.value for text in page.text]


def test_a_sample_is_called_a_sample(app, finished):
    request = finished.request().model_copy(update={"sample": "payments"})
    (finished.folder / "request.json").write_text(request.model_dump_json())
    assert "Sample data, not yours" in words(app())


def test_runs_without_a_result_say_so(app, finished):
    finished.report.unlink()
    (finished.folder / "heartbeat").touch()
    (finished.folder / "error.txt").write_text("column 'a' is empty")
    assert "Failed" in [text.value for text in app().text]


def test_a_file_name_is_plain_text(app, finished):
    hostile = DetectRequest(data="/x/![x](http:canary).csv", settings=finished.request().settings)
    (finished.folder / "request.json").write_text(hostile.model_dump_json())
    page = app()
    assert "![x](http:canary).csv" in [text.value for text in page.text]
    assert "canary" not in " ".join(element.value for kind in ("markdown", "caption") for element in getattr(page, kind))
