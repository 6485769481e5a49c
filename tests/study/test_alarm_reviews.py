"""The way of an alarm: flagged, judged on the Detect page or by raters, and counted."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.core.errors import InputError
from evalkit.core.evidence import Evidence, Failure
from evalkit.run.alarm_reviews import bring_verdicts, create_review, flagged_by_run, flagged_by_scores, review_of
from evalkit.run.detect import detect, write_detection
from evalkit.run.jobs import Job
from evalkit.run.requests import DetectRequest, DetectSettings
from evalkit.run.verdicts import say
from evalkit.statistics.intervals import proportion_interval
from evalkit.study import invite, vote
from evalkit.study.log import found, verify
from evalkit.study.votes import votes_frame
from tests.cli.commands import evalkit
from tests.study.studies import small_study
from tests.study.test_serving import asked

RUN = "20260101-120000-abcdef"


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """The home of a run that flagged rows of a small table."""
    home = tmp_path_factory.mktemp("home")
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({"id": [f"r{i}" for i in range(240)], "size": draw.normal(size=240).round(3)})
    frame["weight"] = (2 * frame["size"] + 0.1 * draw.normal(size=240)).round(3)
    frame.loc[200:207, "weight"] += 9
    folder = home / "runs" / RUN
    folder.mkdir(parents=True)
    frame.head(160).to_csv(home / "normal.csv", index=False)
    frame.tail(80).to_csv(home / "new.csv", index=False)
    detection = detect(home / "new.csv", reference=home / "normal.csv", effort="fast", fdr=0.2)
    detection.save(folder / "result")
    write_detection(detection, out=home / "scores.csv")
    request = DetectRequest(data=home / "new.csv", reference=home / "normal.csv", sample=None, settings=DetectSettings(fdr=0.2))
    (folder / "request.json").write_text(request.model_dump_json())
    Job(folder).report.write_text("done")
    return home


@pytest.fixture
def home(finished, monkeypatch) -> Path:
    monkeypatch.setenv("EVALKIT_HOME", str(finished))
    (finished / "runs" / RUN / "verdicts.json").unlink(missing_ok=True)
    return finished


def test_the_flagged_rows_are_asked_about_with_their_reasons(store, home):
    flagged = flagged_by_run(RUN)
    assert set(flagged.rows) >= set(range(40, 48))
    assert create_review(store, "alarms", flagged, items=len(flagged.rows)) == len(flagged.rows)
    [rater] = invite(store, "alarms", ["Ann"])
    one = asked(store, rater.token)
    assert one.design.question == "Does this row belong?"
    assert {"id", "size", "weight"} <= set(one.outputs[0].fields())
    assert {"row", "anomaly score", "p-value"} <= set(one.context)
    assert any(name.startswith("reason: ") for name in one.context)


def test_a_file_of_scores_flags_the_same_rows(home):
    assert flagged_by_scores(home / "scores.csv", home / "new.csv").rows == flagged_by_run(RUN).rows
    with pytest.raises(InputError, match="same rows"):
        flagged_by_scores(home / "scores.csv", home / "normal.csv")
    with pytest.raises(InputError, match="is_anomaly"):
        flagged_by_scores(home / "new.csv", home / "new.csv")


def test_verdicts_of_the_page_become_votes_of_a_person(store, home):
    folder, rows = home / "runs" / RUN, flagged_by_run(RUN).rows
    create_review(store, "alarms", flagged_by_run(RUN), votes=5)
    with pytest.raises(InputError, match="nothing was said"):
        bring_verdicts(store, "alarms", RUN, "Ann")
    assert isinstance(review_of(store, "alarms").precision, Failure)
    for row, verdict in zip(rows, ("real", "real", "real", "false alarm", "unsure"), strict=False):
        say(folder, row, verdict)
    say(folder, 0, "real")
    done, outside = bring_verdicts(store, "alarms", RUN, "Ann")
    assert (done.stored, outside) == (5, 1)
    assert bring_verdicts(store, "alarms", RUN, "Ann")[0].stored == 0
    assert bring_verdicts(store, "alarms", RUN, "Bob")[0].stored == 5
    review = review_of(store, "alarms")
    precision = review.precision
    assert isinstance(precision, Evidence)
    assert (precision.value, precision.low, precision.high) == tuple(proportion_interval(3, 4))
    assert precision.n == 4
    assert review.disagreements.empty
    with store.reading() as session:
        study = found(session, "alarms")
        verify(session, study)
        assert set(votes_frame(session, study)["rater_kind"]) == {"person"}


def test_a_verdict_that_changed_is_taken_back_first(store, home):
    folder, [first, second, *_] = home / "runs" / RUN, flagged_by_run(RUN).rows
    create_review(store, "alarms", flagged_by_run(RUN))
    for verdict in ("real", "false alarm", "real"):
        say(folder, first, verdict)
        say(folder, second, "real")
        bring_verdicts(store, "alarms", RUN, "Ann")
        review = review_of(store, "alarms").rows.set_index("item")
        expected = "no" if verdict == "real" else "yes"
        assert review.loc[f"row {first + 1}", "verdict"] == expected
        assert review.loc[f"row {first + 1}", ["no", "yes", "unsure"]].sum() == 1
    say(folder, first, None)
    bring_verdicts(store, "alarms", RUN, "Ann")
    assert review_of(store, "alarms").rows.set_index("item").loc[f"row {first + 1}", "verdict"] == "open"
    say(folder, second, None)
    assert bring_verdicts(store, "alarms", RUN, "Ann")[0].stored == 0
    assert set(review_of(store, "alarms").rows["verdict"]) == {"open"}
    with store.reading() as session:
        verify(session, found(session, "alarms"))


def test_raters_who_disagree_are_listed(store, home):
    create_review(store, "alarms", flagged_by_run(RUN), items=2)
    for name, verdict in (("Ann", "no"), ("Bob", "yes")):
        [rater] = invite(store, "alarms", [name])
        one = asked(store, rater.token)
        vote(store, rater.token, one.assignment, f"key-of-{name}-1", {"verdict": verdict})
        two = asked(store, rater.token)
        vote(store, rater.token, two.assignment, f"key-of-{name}-2", {"verdict": verdict})
    review = review_of(store, "alarms")
    assert len(review.disagreements) == 2
    assert set(review.rows["verdict"]) == {"open"}


def test_what_is_no_review_and_no_run(store, home):
    small_study(store)
    with pytest.raises(InputError, match="evalkit study review"):
        review_of(store, "small")
    with pytest.raises(InputError, match="evalkit study review"):
        bring_verdicts(store, "small", RUN, "Ann")
    with pytest.raises(InputError, match="no such run"):
        flagged_by_run("../../etc")
    with pytest.raises(InputError, match="nothing was flagged"):
        create_review(store, "none", flagged_by_run(RUN)._replace(rows=[]))


def test_the_commands(home, tmp_path):
    store = ("--store", tmp_path / "store.sqlite")
    assert evalkit("study", "review", "alarms", RUN, *store).returncode == 0
    refused = evalkit("study", "review", "again", home / "scores.csv", *store)
    assert refused.returncode == 2
    assert "--data" in refused.stderr
    assert evalkit("study", "review", "again", home / "scores.csv", "--data", home / "new.csv", *store).returncode == 0
    for row in flagged_by_run(RUN).rows:
        say(home / "runs" / RUN, row, "real")
    assert "Stored:" in evalkit("ratings", "verdicts", "alarms", RUN, "--rater", "Ann", *store).stdout
    told = json.loads(evalkit("ratings", "precision", "alarms", *store, "--json").stdout)
    assert told["precision"]["value"] == 1.0
    assert told["disagreements"] == []
    assert "alarms are decided" in evalkit("ratings", "precision", "alarms", *store).stdout
