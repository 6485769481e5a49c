import numpy as np
import pytest

from evalkit.run.alarm_reviews import review_of
from evalkit.run.studies import study_line
from evalkit.run.verdicts import say
from evalkit.study import Attribute, Served, Store, next_question, vote
from evalkit.study.log import events, found
from evalkit.study.raters import new_organiser
from evalkit.study.store import default_url
from tests.apps.rating import study
from tests.apps.test_home import words
from tests.apps.test_rate import button


@pytest.fixture
def token() -> str:
    with Store(default_url()) as store:
        return new_organiser(store)


def test_only_the_organiser_comes_in(app, token):
    study()
    assert "needs the organiser's token" in words(app("study"))
    wrong = app("study", organiser="forged")
    assert "does not open" in " ".join(code.value for code in wrong.code)
    assert "letters" in words(app("study", organiser=token))


def test_a_rater_is_no_organiser(app):
    rater = study()
    assert "needs the organiser's token" in words(app("study", organiser=rater.token))


def test_an_empty_list_says_how_to_begin(app, token):
    assert "No study yet" in words(app("study", organiser=token))


def test_votes_raters_and_pausing(app, token):
    rater = study()
    with Store(default_url()) as store:
        asked = next_question(store, rater.token)
        vote(store, rater.token, asked.assignment, "a-vote-by-ann", {"choice": "left"}, seconds=3.0)
    page = app("study", organiser=token, study="letters")
    assert not page.exception
    assert "1 of 15 votes" in words(page)
    assert page.dataframe[0].value["rater"].tolist() == ["Ann"]
    page = button(page, "Pause").click().run()
    assert "Paused" in words(page)
    button(page, "Reopen")


def test_links_are_made_and_shown_once(app, token):
    study()
    page = app("study", organiser=token, study="letters")
    page.text_area[0].set_value("Bea\nCy")
    page = button(page, "Make links").click().run()
    shown = page.code[-1].value
    assert [line.split(":")[0] for line in shown.splitlines()] == ["Bea", "Cy"]
    assert "rate?r=" in shown
    assert "rate?r=" not in " ".join(code.value for code in app("study", organiser=token, study="letters").code)


def test_a_look_before_the_end_is_noted(app, token):
    study()
    page = app("study", organiser=token, study="letters")
    page = button(page, "Look early").click().run()
    assert "nobody has voted yet" in " ".join(code.value for code in page.code)
    with Store(default_url()) as store, store.reading() as session:
        assert [event.kind for event in events(session, found(session, "letters"))][-1] == "looked"


def test_a_study_that_is_not_there(app, token):
    page = app("study", organiser=token, study="![x](http://canary.invalid)")
    assert not page.exception
    assert "no study is called" in page.code[0].value


def test_a_broken_store_is_named(app, monkeypatch, tmp_path):
    path = tmp_path / "notes.sqlite"
    path.write_text("no database" * 100)
    monkeypatch.setenv("EVALKIT_STORE", f"sqlite:///{path}")
    assert "not a database" in " ".join(code.value for code in app("study", organiser="any").code)


def test_ratings_on_a_scale_have_means_also_of_what_is_rated_beside(app, token):
    rater = study(task="likert", attributes=[Attribute(name="fluent")], votes_per_question=1)
    with Store(default_url()) as store:
        while isinstance(asked := next_question(store, rater.token), Served):
            points = 5 if "alpha" in asked.outputs[0].text() else 2
            answer = {"value": points, "attributes": {"fluent": [6 - points]}}
            vote(store, rater.token, asked.assignment, f"vote-{asked.assignment}", answer)
    page = app("study", organiser=token, study="letters")
    assert not page.exception
    board = next(shown.value for shown in page.dataframe if "mean" in shown.value)
    assert board["generator"].tolist() == ["alpha", "beta"]
    page = next(one for one in page.selectbox if one.label == "By").set_value(1)
    board = next(shown.value for shown in page.run().dataframe if "mean" in shown.value)
    assert board["generator"].tolist() == ["beta", "alpha"]


def test_a_scale_and_what_is_rated_beside_can_be_set_up(app, token, tmp_path):
    page = app("study", organiser=token, study="new")
    page.text_input[0].set_value("rated")
    page.selectbox[0].set_value("likert")
    page = page.run()
    next(one for one in page.number_input if one.label == "Points of the scale").set_value(7)
    next(one for one in page.text_input if one.label.startswith("Rated as well")).set_value("fluent, correct")
    page = page.file_uploader[0].set_value([("alpha.txt", b"one\ntwo\n", "text/plain")]).run()
    page = button(page, "Make the study").click().run()
    assert not page.exception
    with Store(default_url()) as store, store.reading() as session:
        design = found(session, "rated").design
    assert (design["task"], design["points"], [one["name"] for one in design["attributes"]]) == ("likert", 7, ["fluent", "correct"])


def test_alarms_of_a_run_become_a_review_study_and_verdicts_its_votes(app, token, finished):
    page = app("study", organiser=token, study="new")
    page = page.segmented_control(key="about").set_value("Alarms of a detection").run()
    assert not page.exception
    page.text_input[0].set_value("alarms")
    page = button(page.run(), "Make the study").click().run()
    assert not page.exception
    with Store(default_url()) as store:
        line = study_line(store, "alarms")
    flagged = np.flatnonzero(finished.detection().scores["is_anomaly"])
    assert (line.task, line.questions) == ("review", len(flagged))
    page = app("study", organiser=token, study="alarms")
    assert f"0 of {len(flagged)} alarms are decided" in words(page)
    for row, verdict in zip(flagged[:3].tolist(), ("real", "real", "false alarm"), strict=True):
        say(finished.folder, row, verdict)
    next(one for one in page.text_input if one.label == "By").set_value("Ann")
    page = button(page, "Bring verdicts").click().run()
    assert "3 verdicts brought" in words(page)
    assert "3 of" in words(app("study", organiser=token, study="alarms"))
    with Store(default_url()) as store:
        assert review_of(store, "alarms").rows["no"].sum() == 2


@pytest.mark.parametrize("only_rating", ["", "1"])
def test_without_a_detection_there_is_nothing_to_review(app, token, monkeypatch, only_rating):
    monkeypatch.setenv("EVALKIT_ONLY_RATING", only_rating)
    page = app("study", organiser=token, study="new")
    page = page.segmented_control(key="about").set_value("Alarms of a detection").run()
    assert not page.exception
    assert "no finished detection" in words(page)
