"""The app in a real browser: a server of its own, Chromium, and every request watched."""

import json
from io import BytesIO

import pandas as pd
import pytest
from playwright.sync_api import expect

from evalkit.compare.report import write_report
from evalkit.run.requests import DetectRequest, DetectSettings
from tests.apps.browsing import PATIENCE, download, heading, pick, settled, shows


def test_the_first_request_to_a_fresh_server_may_be_any_page(page):
    page.goto("/detect")
    expect(heading(page)).to_have_text("Which rows do not belong?", timeout=PATIENCE)
    expect(page.get_by_role("link", name="Home")).to_be_visible()
    expect(page.get_by_text("streamlit app")).to_have_count(0)
    expect(page.get_by_text("Deploy")).to_have_count(0)


def test_from_upload_to_download(page, table_file, reference_file, home):
    page.goto("/")
    page.get_by_role("button", name="Detect anomalies").click()
    pick(page, "which", "My file")
    page.locator("input[type=file]").set_input_files(table_file)
    shows(page, "small.csv")
    pick(page, "against", "A clean reference")
    page.locator(".st-key-reference_file input[type=file]").set_input_files(reference_file)
    shows(page, "clean.csv")
    pick(page, "accepted", "10")
    pick(page, "effort", "Fast")
    page.get_by_label("Column that names the rows (optional)").click()
    page.get_by_role("option", name="id", exact=True).click()
    page.get_by_role("button", name="Find anomalies").click()
    shows(page, "Last sign of life")
    expect(heading(page)).to_contain_text("of 400 rows look anomalous", timeout=PATIENCE)
    run = home / "runs" / page.url.partition("run=")[2].partition("&")[0]
    assert json.loads((run / "request.json").read_text())["settings"]["id_column"] == "id"

    finding = heading(page).inner_text()
    n_alarms = int(finding.split()[0])
    alarms = pd.read_csv(BytesIO(download(page, "download_alarms")))
    assert len(alarms) == n_alarms

    pick(page, "fdr", "20")
    page.wait_for_url("**fdr=20**")
    shows(page, "flagged from")
    assert len(pd.read_csv(BytesIO(download(page, "download_alarms")))) >= n_alarms

    first = page.url
    page.locator("[class*='st-key-alarms'] .dvn-scroller").first.click(position={"x": 15, "y": 35 * 2 + 18})
    page.wait_for_function("before => location.href !== before", arg=first)
    assert "row=" in page.url

    chosen_row = page.url.partition("row=")[2]
    settled(page)
    page.keyboard.press("2")
    shows(page, "False alarm ✓")
    settled(page)
    page.keyboard.press("n")
    page.wait_for_function("row => !location.href.endsWith('row=' + row)", arg=chosen_row)
    judged = pd.read_csv(BytesIO(download(page, "download_alarms")))
    assert (judged["verdict"] == "false alarm").sum() == 1

    page.get_by_role("button", name="More").click()
    report = download(page, "download_report-html").decode()
    assert "of 400 rows" in report
    assert len(pd.read_parquet(BytesIO(download(page, "download_scores-parquet")))) == 400
    assert json.loads(download(page, "download_settings-json"))["fdr"] == 0.2

    chosen = page.url
    page.reload()
    expect(heading(page)).to_contain_text("of 400 rows look anomalous", timeout=PATIENCE)
    assert page.url == chosen


def test_foreign_text_is_shown_as_its_text(page, home, detection, table_file, monkeypatch, keep, shown_text):
    monkeypatch.setenv("EVALKIT_HOME", str(home))
    keep(detection, DetectRequest(data=table_file, settings=DetectSettings(fdr=0.1, id_column="id")), "20260101-000000-bbbbbb")
    page.goto("/detect?run=20260101-000000-bbbbbb")
    expect(heading(page)).to_contain_text("of 400 rows look anomalous", timeout=PATIENCE)
    for name in ("Can the p-values be trusted?", "Data and settings used", "All scores"):
        page.get_by_text(name).click()
    shows(page, shown_text[:40])
    expect(page.locator("img[src*=canary], a[href^='javascript']")).to_have_count(0)
    page.wait_for_timeout(1000)


def test_the_report_asks_for_nothing(browser, detection, tmp_path):
    write_report(detection, tmp_path / "report.html")
    page = browser.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((tmp_path / "report.html").as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(topic => { topic.open = true })")
    expect(page.get_by_role("heading", level=1)).to_contain_text("of 400 rows")
    assert page.evaluate("window.__xss === undefined")
    page.close()
    assert asked == [(tmp_path / "report.html").as_uri()]


def test_a_stopped_run_says_so(page):
    page.goto("/detect")
    shows(page, "Sample data, not yours.")
    pick(page, "effort", "Best")
    page.get_by_role("button", name="Find anomalies").click()
    shows(page, "Last sign of life")
    page.get_by_role("button", name="Stop").click()
    shows(page, "You stopped this run.")
    page.get_by_role("button", name="Start again").click()
    expect(heading(page)).to_have_text("Which rows do not belong?")
    shows(page, "Filled in as it was given before")


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_the_screen(browser, server, home, detection, table_file, monkeypatch, keep, width, scheme):
    monkeypatch.setenv("EVALKIT_HOME", str(home))
    keep(detection, DetectRequest(data=table_file), "20260101-000000-cccccc")
    page = browser.new_page(base_url=server, viewport={"width": width, "height": 844}, color_scheme=scheme)
    page.set_default_timeout(PATIENCE)
    page.goto("/detect?run=20260101-000000-cccccc")
    expect(page.locator("[class*='st-key-alarms'] canvas").first).to_be_visible(timeout=PATIENCE)
    main = page.locator("[data-testid=stMain]")
    assert main.evaluate("main => main.scrollWidth <= main.clientWidth")
    dark = page.evaluate("getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor") != "rgb(255, 255, 255)"
    assert dark == (scheme == "dark")
    page.close()
