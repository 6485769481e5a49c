"""A rater in a real browser: by keyboard, with double clicks, reloads and a server that dies; and texts that try to break out."""

import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from evalkit.core.sample import Images
from evalkit.study import Store, StudyDesign, create_study, invite
from tests.apps.browsing import PATIENCE, settled, shows
from tests.apps.conftest import HOSTILE, SHOWN
from tests.apps.rating import study, votes
from tests.apps.servers import MortalServer

KEYS = ("1", "2", "0", "9")


@pytest.fixture(scope="module")
def mortal(tmp_path_factory):
    server = MortalServer(tmp_path_factory.mktemp("mortal"))
    server.start()
    yield server
    server.kill()


def store_of(home) -> str:
    return f"sqlite:///{home / 'studies.sqlite'}"


def sides(page) -> list[str]:
    """What stands left and right."""
    return page.locator("[data-testid=stColumn] [data-testid=stText]").all_inner_texts()


def press(page, key: str, done: int) -> None:
    """One vote by its key; then the next question is there."""
    ready(page, done)
    page.keyboard.press(key)


def ready(page, done: int) -> None:
    """Wait for the question with its four answers: before they are there a key answers nothing."""
    shows(page, f"{done} of about")
    expect(page.locator("[class*='st-key-answer'] button")).to_have_count(4)
    settled(page)


def test_twenty_votes_by_keyboard_through_all_that_goes_wrong(browser, mortal):
    url = store_of(mortal.folder)
    rater = study(items=20, url=url)
    context = browser.new_context(base_url=mortal.url, viewport={"width": 1280, "height": 800})
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.goto(f"/rate?r={rater.token}")
    for done in range(5):
        press(page, KEYS[done % 4], done)
    shows(page, "5 of about 20")
    settled(page)
    page.locator("[class*='st-key-answer'] button").first.dblclick()  # the second click meets the next question's button or none
    expect(page.get_by_text("5 of about 20")).to_have_count(0)
    settled(page)
    after_double = len(votes(url))
    assert after_double in (6, 7)
    shows(page, f"{after_double} of about 20")

    before = sides(page)
    page.reload()
    ready(page, after_double)
    assert sides(page) == before

    page.keyboard.down("1")  # held: the browser repeats it
    for _ in range(5):
        page.keyboard.down("1")
    page.keyboard.up("1")
    shows(page, f"{after_double + 1} of about 20")
    settled(page)
    assert len(votes(url)) == after_double + 1

    before = sides(page)
    mortal.kill()
    app = page.locator("[data-testid=stApp]")
    expect(app).not_to_have_attribute("data-test-connection-state", "CONNECTED", timeout=60_000)
    mortal.start()
    expect(app).to_have_attribute("data-test-connection-state", "CONNECTED", timeout=60_000)
    settled(page)
    assert sides(page) == before
    for done in range(after_double + 1, 20):
        press(page, KEYS[done % 4], done)
    shows(page, "All 20 done, thank you")
    given = votes(url)
    assert len(given) == 20
    assert given["item"].is_unique
    context.close()


@pytest.fixture
def letters(home, request) -> dict[str, str]:
    """Where this test's own study lies: the store of the shared server, and a name."""
    return {"url": store_of(home), "name": request.node.name}


def test_texts_are_letters_whatever_they_say(page, letters, server):
    long = "letters " * 131_072
    rater = study(
        **letters,
        texts={"a": [f"{HOSTILE} [x](javascript:window.__xss=1)", long], "b": ["plain", "plain"]},
        question=f"Which? {HOSTILE[:200]}",
    )
    page.goto(f"/rate?r={rater.token}")
    settled(page)
    seen = 0
    for _ in range(2):
        shows(page, "of about 2")
        settled(page)
        shown = " ".join(page.locator("[data-testid=stText]").all_inner_texts())
        assert "plain" in shown
        seen += SHOWN in shown
        assert len(shown) < 50_000
        assert page.locator("script", has_text="__xss").count() == 0
        assert page.locator("[data-testid=stAppViewContainer] img").count() == 0
        page.keyboard.press("0")
        page.wait_for_timeout(500)
    assert seen == 1
    shows(page, "All 2 done")


def test_an_image_arrives_byte_for_byte(page, letters, server):
    pixels = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
    with Store(letters["url"]) as store:
        create_study(store, letters["name"], StudyDesign(), {"a": Images.of(pixels[:1]), "b": Images.of(pixels[1:])})
        [rater] = invite(store, letters["name"], ["Ann"])
    page.goto(f"/rate?r={rater.token}")
    images = page.locator("[data-testid=stImage] img")
    expect(images).to_have_count(2)
    for i in range(2):
        sent = page.request.get(images.nth(i).get_attribute("src"))
        arrived = np.asarray(Image.open(io.BytesIO(sent.body())))
        assert any(np.array_equal(arrived, one) for one in pixels)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_both_sides_and_all_answers_are_on_the_screen(page, letters, server, scheme):
    rater = study(**letters)
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"/rate?r={rater.token}")
    shows(page, "0 of about 5")
    settled(page)
    columns, answers = page.locator("[data-testid=stColumn]"), page.locator("[class*='st-key-answer'] button")
    expect(columns).to_have_count(2, timeout=PATIENCE)
    expect(answers).to_have_count(4, timeout=PATIENCE)
    for one in (*columns.all(), *answers.all()):
        box = one.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        assert box["y"] + box["height"] <= 800
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.get_by_role("link", name="Detect").count() == 0


def test_keys_can_be_switched_off(page, letters, server):
    rater = study(**letters)
    page.goto(f"/rate?r={rater.token}")
    shows(page, "0 of about 5")
    settled(page)
    page.get_by_text("Number keys").click()
    settled(page)
    page.wait_for_timeout(500)
    page.keyboard.press("1")
    page.wait_for_timeout(1500)
    assert votes(**letters).empty


def test_a_key_typed_into_a_reason_is_no_vote(page, letters, server):
    rater = study(**letters)
    page.goto(f"/rate?r={rater.token}")
    shows(page, "0 of about 5")
    settled(page)
    page.get_by_placeholder("Your reason").fill("1 of 2")
    page.keyboard.press("1")
    page.wait_for_timeout(1000)
    assert votes(**letters).empty
