"""The Train page in a real browser, from the first visit to the download."""

import json
import zipfile
from io import BytesIO

import pandas as pd
import pytest
from playwright.sync_api import expect

from evalkit.run.requests import REQUEST
from tests.apps.browsing import PATIENCE, download, heading, pick, shows


def curve(page):
    return page.get_by_test_id("stVegaLiteChart").first


def test_from_the_first_visit_to_the_download(page, table_file, home):
    page.goto("/")
    page.get_by_role("button", name="Train a generator").click()
    expect(heading(page)).to_have_text("Watch a generator learn your data", timeout=PATIENCE)
    shows(page, "178 wines")
    pick(page, "which", "My files")
    page.locator("input[type=file]").set_input_files(table_file)
    shows(page, "small.csv")
    pick(page, "how_long", "Steps")
    page.get_by_label("Steps").last.fill("2500")
    page.get_by_label("Steps").last.press("Enter")
    page.get_by_role("button", name="Start", exact=True).click()

    expect(heading(page)).to_contain_text("of 2,500", timeout=PATIENCE)
    shows(page, "last sign of life")
    expect(curve(page)).to_be_visible(timeout=PATIENCE)
    shows(page, "Drawn at step")
    shows(page, "Real, to compare")
    page.get_by_role("button", name="Stop").click()
    shows(page, "Everything up to the last checkpoint is kept")
    expect(curve(page)).to_be_visible(timeout=PATIENCE)

    run = home / "runs" / page.url.partition("run=")[2].partition("&")[0]
    assert REQUEST.validate_json((run / "request.json").read_text()).settings.steps == 2500
    page.reload()
    page.get_by_role("button", name="Go on").click()
    expect(heading(page)).to_contain_text("that training never saw", timeout=2 * PATIENCE)
    expect(curve(page)).to_be_visible(timeout=PATIENCE)
    shows(page, "How far along")

    drawn = pd.read_csv(BytesIO(download(page, "download_drawn")))
    assert len(drawn) == 100
    assert list(drawn.columns)[:2] == ["id", "a"]
    page.get_by_role("button", name="More").click()
    with zipfile.ZipFile(BytesIO(download(page, "download_model-zip"))) as archive:
        assert {name.rpartition("/")[2] for name in archive.namelist()} == {"model.json", "arrays.safetensors"}
    assert json.loads(download(page, "download_settings-json"))["verb"] == "fit"
    page.keyboard.press("Escape")
    page.get_by_role("slider").first.focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_url("**step=**")
    shows(page, "Drawn by step")
    expect(page.locator("img[src*=canary], a[href^='javascript']")).to_have_count(0)


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_the_screen(browser, server, home, fitted_folder, width, scheme):
    kept = home / "runs" / fitted_folder.name
    if not kept.exists():
        kept.parent.mkdir(exist_ok=True)
        kept.symlink_to(fitted_folder)
    page = browser.new_page(base_url=server, viewport={"width": width, "height": 844}, color_scheme=scheme)
    page.set_default_timeout(PATIENCE)
    page.goto(f"/train?run={fitted_folder.name}")
    shows(page, "How far along")
    expect(curve(page)).to_be_visible(timeout=PATIENCE)
    main = page.locator("[data-testid=stMain]")
    assert main.evaluate("main => main.scrollWidth <= main.clientWidth")
    page.close()
