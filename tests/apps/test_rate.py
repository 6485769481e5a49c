import numpy as np
import pytest

from evalkit.core.bundled import bundled
from evalkit.core.sample import Images, Table, Texts
from evalkit.data import load
from evalkit.study import ItemPlan, Store, StudyDesign, create_study, invite, revoke
from evalkit.study.store import default_url
from tests.apps.rating import study, votes
from tests.apps.test_home import words


def button(page, label):
    return next(one for one in page.button if one.label == label)


def test_without_a_link_it_says_what_is_needed(app):
    page = app("rate")
    assert not page.exception
    assert "You need a link" in words(page)


def test_a_login_is_offered_where_an_identity_provider_is_set_up(app):
    from streamlit.testing.v1 import AppTest

    study(open_to_logins=True)
    page = AppTest.from_file(str(bundled("apps") / "streamlit_app.py"), default_timeout=60).switch_page("views/rate.py")
    page.secrets["auth"] = {"redirect_uri": "http://127.0.0.1/oauth2callback", "cookie_secret": "for tests"}
    page.query_params["study"] = "letters"
    page.run()
    assert not page.exception
    assert [one.label for one in page.button] == ["Log in"]


def test_a_forged_link_is_refused_with_one_sentence(app):
    study()
    page = app("rate", r="forged")
    assert not page.exception
    assert "not valid" in page.code[0].value


def test_five_votes_with_one_click_each_then_thanks(app):
    rater = study()
    page = app("rate", r=rater.token)
    for done in range(5):
        assert not page.exception
        assert f"{done} of about 5" in words(page)
        page = button(page, "Left is better").click().run()
    assert "All 5 done, thank you" in words(page)
    given = votes()
    assert len(given) == 5
    assert {answer["choice"] for answer in given["answer"]} == {"left"}
    assert given["seconds"].notna().all()


def test_no_generator_is_named(app):
    rater = study(texts={"secret-a": ["one"], "secret-b": ["two"]})
    page = app("rate", r=rater.token)
    assert "one" in words(page)
    assert "secret" not in words(page)


def test_words_that_betray_a_generator_are_covered(app):
    rater = study(texts={"a": ["I am Claude."], "b": ["I am nobody."]}, mask=("claude",))
    page = app("rate", r=rater.token)
    assert "I am ▇▇▇." in words(page)
    assert "Claude" not in words(page)


def test_an_answer_is_taken_back(app):
    rater = study()
    page = app("rate", r=rater.token)
    page = button(page, "Left is better").click().run()
    page = button(page, "Undo").click().run()
    assert "0 of about 5" in words(page)
    page = button(page, "About the same").click().run()
    assert [answer["choice"] for answer in votes()["answer"]] == ["tie"]


def test_a_question_is_left_to_others(app):
    rater = study()
    page = app("rate", r=rater.token)
    page = button(page, "Cannot judge this").click().run()
    assert "0 of about 4" in words(page)
    assert votes().empty


def test_a_reason_that_is_required_waits_for_it(app):
    rater = study(rationale="required")
    page = app("rate", r=rater.token)
    assert button(page, "Store the answer").disabled
    page.text_input[0].set_value("It rhymes.").run()
    page.button_group[0].set_value("Right is better").run()
    page = button(page, "Store the answer").click().run()
    assert votes()["rationale"].tolist() == ["It rhymes."]


def test_a_reason_is_there_after_a_reload(app):
    rater = study()
    app("rate", r=rater.token).text_input[0].set_value("half a thou").run()
    assert app("rate", r=rater.token).text_input[0].value == "half a thou"


def test_consent_comes_first(app):
    rater = study(consent="We keep your answers.")
    page = app("rate", r=rater.token)
    assert "We keep your answers." in words(page)
    page = button(page, "I agree").click().run()
    assert "0 of about 5" in words(page)


def test_practice_tells_what_was_right(app):
    made = {name: Texts.of([name, name]) for name in "ab"}
    plans = [ItemPlan(name="1"), ItemPlan(name="2", kind="practice", expected={"choice": "tie"})]
    with Store(default_url()) as store:
        create_study(store, "letters", StudyDesign(), made, plans)
        [rater] = invite(store, "letters", ["Ann"])
    page = app("rate", r=rater.token)
    assert "Practice" in words(page)
    page = button(page, "About the same").click().run()
    assert page.code[0].value == "Right."


def test_a_link_closed_meanwhile_is_said_and_not_a_crash(app):
    rater = study()
    page = app("rate", r=rater.token)
    with Store(default_url()) as store:
        revoke(store, "letters", rater.rater)
    page = button(page, "Cannot judge this").click().run()
    assert not page.exception
    assert "has ended" in page.code[0].value


def test_whoever_withdraws_is_erased(app):
    rater = study()
    page = app("rate", r=rater.token)
    page = button(page, "Left is better").click().run()
    page = next(box for box in page.checkbox if box.label == "I want to withdraw").check().run()
    page = button(page, "Erase me").click().run()
    assert "not valid" in page.code[0].value
    assert len(votes()) == 1


@pytest.mark.parametrize(
    ("design", "n", "click", "answer"),
    [
        ({"task": "review"}, 2, "No, it does not", {"verdict": "no"}),
        ({"task": "likert"}, 2, "5 · good", {"value": 5}),
        ({"task": "choice"}, 3, "Number 3", {"choice": 2}),
    ],
)
def test_other_tasks_by_one_click(app, design, n, click, answer):
    rater = study(texts={name: ["x"] for name in "abc"[:n]}, **design)
    page = app("rate", r=rater.token)
    labels = {one.label.replace("\\", ""): one for one in page.button}
    page = labels[click].click().run()
    assert not page.exception
    assert votes()["answer"].tolist() == [answer]


@pytest.mark.parametrize(
    ("task", "given", "answer"),
    [
        ("best_worst", [2, 0], {"best": 2, "worst": 0}),
        ("ranking", [2, 1, 2], {"ranks": [2, 1, 2]}),
    ],
)
def test_other_tasks_of_several_parts(app, task, given, answer):
    rater = study(texts={name: ["x"] for name in "abc"}, task=task)
    page = app("rate", r=rater.token)
    for i, value in enumerate(given):
        page = page.button_group[i].set_value(value).run()
    page = button(page, "Store the answer").click().run()
    assert not page.exception
    assert votes()["answer"].tolist() == [answer]


def test_rows_images_and_series_are_shown(app, table_file):
    table = load(table_file)
    assert isinstance(table, Table)
    images = Images.of(np.zeros((2, 8, 8, 1), dtype=np.uint8))
    with Store(default_url()) as store:
        create_study(store, "rows", StudyDesign(), {"a": table.take(slice(2)), "b": table.take(slice(2, 4))})
        create_study(store, "sets", StudyDesign(), {"a": table.take(slice(4)), "b": table.take(slice(4, 8))}, rows=2)
        create_study(store, "images", StudyDesign(), {"a": images, "b": images})
        for name, rows in (("rows", [len(table.frame.columns)] * 2), ("sets", [2, 2]), ("images", [])):
            [rater] = invite(store, name, ["Ann"])
            page = app("rate", r=rater.token)
            assert not page.exception
            assert [len(shown.value) for shown in page.dataframe] == rows
            assert [one.label for one in page.button if one.label.endswith("is better")] == [
                f"{side} is better" for side in (("Upper", "Lower") if name == "sets" else ("Left", "Right"))
            ]
