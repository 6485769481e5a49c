"""Raters who log in: the app, an identity provider that speaks OpenID Connect, and a real browser between them."""

import secrets

import oidc_provider_mock
import pytest
from playwright.sync_api import expect

from evalkit.study import Store
from evalkit.study.log import found
from evalkit.study.tables import RaterRow
from tests.apps.browsing import PATIENCE, settled, shows
from tests.apps.rating import study, votes
from tests.apps.servers import MortalServer

SETTINGS = """
[auth]
redirect_uri = "{app}/oauth2callback"
cookie_secret = "{secret}"
client_id = "evalkit"
client_secret = "for tests"
server_metadata_url = "{provider}/.well-known/openid-configuration"
"""


@pytest.fixture(scope="module")
def provider():
    users = [
        oidc_provider_mock.User(sub="ann", claims={"email": "ann@example.com"}),
        oidc_provider_mock.User(sub="bob", claims={"email": "bob@example.com"}),
    ]
    with oidc_provider_mock.run_server_in_thread(user_claims=users) as running:
        yield f"http://127.0.0.1:{running.server_port}"


@pytest.fixture(scope="module")
def public(provider, tmp_path_factory):
    """The app as it stands behind a public address."""
    server = MortalServer(tmp_path_factory.mktemp("public"), EVALKIT_ONLY_RATING="1")
    settings = server.folder / ".streamlit" / "secrets.toml"
    settings.parent.mkdir()
    settings.write_text(SETTINGS.format(app=server.url, provider=provider, secret=secrets.token_hex(16)))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def url(public):
    return f"sqlite:///{public.folder / 'studies.sqlite'}"


@pytest.fixture
def visitor(browser, public):
    """A browser that nobody has logged in with."""
    context = browser.new_context(base_url=public.url, viewport={"width": 1280, "height": 800})
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


def log_in(page, who):
    page.get_by_role("button", name="Log in").click()
    page.get_by_placeholder("sub").fill(who)
    page.get_by_role("button", name="Authorize").click()


def begin(page, study):
    page.locator(f"[class*='st-key-rate-{study}'] button").click()


def press(page, key, done):
    shows(page, f"{done} of about 3")
    expect(page.locator("[class*='st-key-answer'] button")).to_have_count(4)
    settled(page)
    page.keyboard.press(key)


def test_whoever_logs_in_rates_and_goes_on_where_they_were(visitor, url):
    study(items=3, url=url, name="open", open_to_logins=True, votes_per_question=2)
    study(items=3, url=url, name="by invitation")
    visitor.goto("/rate?study=open")
    log_in(visitor, "ann")
    with Store(url) as store, store.reading() as session:
        assert [rater.name for rater in session.query(RaterRow).filter_by(study_id=found(session, "open").id)] == ["Ann"]
    begin(visitor, "open")
    press(visitor, "1", 0)
    press(visitor, "2", 1)
    shows(visitor, "2 of about 3")
    visitor.goto("/")
    press(visitor, "0", 2)
    shows(visitor, "All 3 done, thank you")
    with Store(url) as store, store.reading() as session:
        people = [rater for rater in session.query(RaterRow).filter_by(study_id=found(session, "open").id) if rater.name != "Ann"]
        assert [rater.name for rater in people] == ["ann@example.com"]
        assert votes(url, "open")["rater"].unique().tolist() == [people[0].key]
    for other in ("by invitation", "no such study"):
        visitor.goto(f"/rate?study={other}")
        shows(visitor, "Studies that are open to you")
        assert "by invitation" not in visitor.inner_text("body")


def test_who_withdraws_is_gone_and_cannot_vote_a_second_time(visitor, url):
    study(items=3, url=url, name="once", open_to_logins=True)
    visitor.goto("/")
    log_in(visitor, "bob")
    begin(visitor, "once")
    press(visitor, "1", 0)
    shows(visitor, "1 of about 3")
    visitor.get_by_role("button", name="My data").click()
    visitor.get_by_text("I want to withdraw").click()
    visitor.get_by_role("button", name="Erase me").click()
    shows(visitor, "You are erased from the study")
    begin(visitor, "once")
    shows(visitor, "you have withdrawn from this study")
    with Store(url) as store, store.reading() as session:
        raters = session.query(RaterRow).filter_by(study_id=found(session, "once").id).all()
        assert [rater.name for rater in raters if rater.name != "Ann"] == [None]
    assert len(votes(url, "once")) == 1


def test_of_several_studies_one_is_chosen_and_nothing_else_of_the_app_is_seen(visitor, url):
    for name in ("first <b>one</b>", "second"):
        study(items=3, url=url, name=name, open_to_logins=True)
    for place in ("/", "/detect", "/train", "/compare"):
        visitor.goto(place)
        shows(visitor, "Whoever can log in may rate here")
    visitor.goto("/")
    log_in(visitor, "bob")
    shows(visitor, "Logged in as bob@example.com.")
    shows(visitor, "first <b>one</b>")
    begin(visitor, "second")
    press(visitor, "1", 0)
    shows(visitor, "1 of about 3")
    assert len(votes(url, "second")) == 1
    visitor.goto("/study")
    shows(visitor, "Logged in as bob@example.com.")
    visitor.goto("/")
    visitor.get_by_role("button", name="Log out").click()
    visitor.get_by_role("button", name="End session").click()
    shows(visitor, "Whoever can log in may rate here")


def test_the_organisers_page_still_asks_for_its_token(visitor):
    visitor.goto("/study")
    shows(visitor, "it needs the organiser's token")
