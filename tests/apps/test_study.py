import pytest

from evalkit.study import Store, next_question, vote
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
