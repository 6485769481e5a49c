from html.parser import HTMLParser

import pytest

from evalkit.compare.report import calibration_words, checks, report_html, settings, write_report

HOSTILE = "<script>window.__xss=1</script>![x](http://canary.invalid/x.png) <a href='javascript:alert(1)'>&amp; \u202egpj.exe"
SHOWN = HOSTILE.replace("\u202e", "⟨U+202E⟩")


class Reader(HTMLParser):
    """Collects what a browser would act on, and what it would show."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.text = set(), [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def hostile(make_detection):
    return report_html(make_detection(hostile=HOSTILE))


def test_text_from_data_is_shown_as_its_text(hostile):
    page = Reader(hostile)
    assert SHOWN in page.text
    assert "\u202e" not in hostile
    assert not page.tags & {"script", "a", "img", "iframe", "object", "embed", "link", "form"}
    assert not [name for name, _ in page.attributes if name.startswith("on") or name.endswith(("href", "src", "action"))]


def test_the_report_asks_no_server(hostile):
    values = [value or "" for name, value in Reader(hostile).attributes if not name.startswith("xmlns")]
    assert not [value for value in values if "://" in value or ("url(" in value and "#" not in value)]
    assert "default-src 'none'" in hostile
    assert "@import" not in hostile


def test_the_first_screen_holds_finding_facts_cautions_and_one_chart(make_detection):
    detection = make_detection()
    page = report_html(detection)
    first = page[: page.index('<details class="topic"')]
    for words in (detection.summary.finding, "Expect about 1 false alarm", detection.summary.caution[0], "10 %", "1,800"):
        assert words in first
    assert first.count("<svg") == 1


def test_the_rest_folds_open(make_detection):
    text = Reader(report_html(make_detection())).text
    for words in (
        "Alarms and their reasons",
        "How far can the alarms be trusted?",
        "Of the 12 flagged rows, about 1 may be normal",
        "41 values are missing",
        "could not be computed: one seed was run",
        "ab" * 32,
        "version of numpy",
        "seed",
        "Enough calibration rows for a lone alarm",
    ):
        assert words in text


def test_every_alarm_is_listed_with_value_and_usual(make_detection):
    detection = make_detection()
    text = Reader(report_html(detection)).text
    for row in detection.scores.index[detection.scores["is_anomaly"]]:
        assert detection.scores["payment"][row] in text
        top = detection.reasons[detection.reasons["row"] == row].nlargest(1, "share").iloc[0]
        assert f"{top['column']} is {top['value']}, usual: {top['usual']}" in text


def test_no_alarm_is_good_news(make_detection):
    text = Reader(report_html(make_detection(n_odd=0))).text
    assert "No row stands out at 10 %" in text
    assert "The nearest rows, none of them an alarm" in text
    assert "That is good news" in text


def test_the_largest_report_stays_small_and_says_what_it_leaves_out(make_detection):
    columns = tuple(f"column {i} with a long name " + "x" * 60 for i in range(60))
    detection = make_detection(n_rows=50_000, n_odd=3_000, columns=columns, n_explained=1000, hostile="v" * 500)
    page = report_html(detection)
    assert len(page.encode()) < 2_000_000
    assert page.count('<details class="alarm">') == 200
    assert f"The 200 most unusual of {detection.summary.n_alarms:,} alarms" in page


def test_the_same_run_gives_the_same_bytes(make_detection, tmp_path):
    for name in ("one", "two"):
        write_report(make_detection(), tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_passed_checks_are_named_too(make_detection):
    outcomes = dict(checks(make_detection().summary))
    assert outcomes["Enough calibration rows for a lone alarm"] == "no: 1,800 of 19,999"
    assert outcomes["Looked for by vae"] == "odd combinations"


@pytest.mark.parametrize(("have", "said"), [(1800, "may stay unseen"), (20_000, "needs 19,999 to be flagged alone")])
def test_calibration_rows_are_measured_against_what_is_needed(make_detection, have, said):
    summary = make_detection().summary.model_copy(update={"n_calibration": have})
    assert said in calibration_words(summary)


def test_a_clean_reference_is_named_with_its_hash(make_detection):
    summary = make_detection().summary
    with_reference = summary.model_copy(
        update={"reference": summary.data.model_copy(update={"name": "clean.csv"}), "way": "reference"}
    )
    assert "clean.csv" in dict(settings(with_reference))["reference"]
