"""The Compare page in a real browser: a kept comparison, what is taken away from it, and the form."""

import json
from io import BytesIO

import pandas as pd
import pytest
from playwright.sync_api import expect

from tests.apps.browsing import PATIENCE, download, heading, shows
from tests.apps.comparing import evaluation, kept
from tests.apps.conftest import HOSTILE, SHOWN


def test_a_kept_comparison_is_opened_and_taken_away(page, home, monkeypatch):
    monkeypatch.setenv("EVALKIT_HOME", str(home))
    job = kept(evaluation("one", HOSTILE, "three", failed=("kid",)), "20260101-000000-eeeeee")
    page.goto(f"/compare?run={job.id}")
    expect(heading(page)).to_contain_text("is better than", timeout=PATIENCE)
    expect(page.get_by_test_id("stVegaLiteChart")).to_have_count(3, timeout=PATIENCE)
    shows(page, SHOWN[:30])
    page.get_by_text("Every pair of generators").click()
    page.get_by_text("Data and settings used").click()
    report = download(page, "download_report").decode()
    assert "<script>window" not in report
    assert "is better than" in report
    page.get_by_role("button", name="More").click()
    figures = pd.read_csv(BytesIO(download(page, "download_figures-csv")))
    assert len(figures) == 12
    assert set(figures["generator"]) == {"one", HOSTILE, "three"}
    assert len(pd.read_csv(BytesIO(download(page, "download_pairs-csv")))) == 9
    assert json.loads(download(page, "download_evaluation-json"))["reference"]["rows"] == 89
    page.reload()
    expect(heading(page)).to_contain_text("is better than", timeout=PATIENCE)
    assert job.id in page.url
    expect(page.locator("img[src*=canary], a[href^='javascript']")).to_have_count(0)


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_the_screen(browser, server, home, monkeypatch, width, scheme):
    monkeypatch.setenv("EVALKIT_HOME", str(home))
    name = f"20260101-000000-ee{width:04}"
    name = name if scheme == "light" else name.replace("-ee", "-ed")
    job = kept(evaluation("a generator with a long name", "two", "three", "four"), name)
    page = browser.new_page(base_url=server, viewport={"width": width, "height": 844}, color_scheme=scheme)
    page.set_default_timeout(PATIENCE)
    for place in (f"/compare?run={job.id}", "/compare?sample=wine"):
        page.goto(place)
        shows(page, "All figures" if "run" in place else "178 wines")
        main = page.locator("[data-testid=stMain]")
        assert main.evaluate("main => main.scrollWidth <= main.clientWidth")
    page.goto(job.report.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(folded => folded.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator("figure svg").evaluate_all(
        "charts => charts.every(chart => chart.getBoundingClientRect().right <= innerWidth)"
    )
    page.close()
