"""What the tests in a real browser do with a page."""

from pathlib import Path

from playwright.sync_api import expect

PATIENCE = 120_000


def pick(page, group, label):
    page.locator(f"[class*='st-key-{group}']").get_by_role("radio", name=label, exact=True).click()


def download(page, key):
    """The bytes that a button gives. A click while the page is being made anew asks for a file of the page before: wait."""
    settled(page)
    with page.expect_download() as waiting:
        page.locator(f".st-key-{key} button").click()
    return Path(waiting.value.path()).read_bytes()


def settled(page):
    """Wait until the page is not being made anew."""
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")


def shows(page, text):
    expect(page.get_by_text(text).first).to_be_visible(timeout=PATIENCE)


def heading(page):
    return page.get_by_role("heading", level=4).first
