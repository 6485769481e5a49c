import json
import sqlite3
from contextlib import closing

import pandas as pd
import pytest

import evalkit as ek
from evalkit.backbones.base import Backbone
from evalkit.compare.words import fit_lines
from evalkit.core.errors import CancelledError, CapabilityError, InputError, SchemaError
from evalkit.run.fit import fit
from evalkit.run.models import load_backbone
from evalkit.run.study_preferences import last_event, study_preferences
from evalkit.study import Store, StudyDesign, create_study, invite, next_question, vote


@pytest.fixture
def frame():
    return pd.DataFrame({"a": [float(i % 17) for i in range(120)], "b": [("x", "y", "z")[i % 3] for i in range(120)]})


def test_the_budget_is_shared_among_all_fits(frame, tmp_path, monkeypatch):
    asked = []
    fit_rows = Backbone.fit_rows

    def watched(self, rows, **named):
        asked.append(self.minutes)
        return fit_rows(self.set_params(steps=5, minutes=None), rows, **named)

    monkeypatch.setattr(Backbone, "fit_rows", watched)
    fit(frame, "vae", tmp_path / "model", minutes=0.6, trials=2)
    assert len(asked) == 3
    assert 0 < min(asked) <= max(asked) <= 0.2
    assert not (tmp_path / "model.training").exists()


def test_an_interrupted_last_fit_goes_on_with_the_minutes_it_began_with(frame, tmp_path):
    def stop(step):
        if step.stage == "fitting the VAE" and step.done:
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        fit(frame, "vae", tmp_path / "model", minutes=0.02, trials=1, progress=stop)
    began = json.loads((tmp_path / "model.training" / "minutes.json").read_text())
    assert fit(frame, "vae", tmp_path / "model", minutes=0.02, trials=1, resume=True).model.minutes == began


def test_auto_compares_and_saves_the_chosen_family(frame, tmp_path):
    fitted = fit(frame, "auto", tmp_path / "model", steps=8)
    assert fitted.selection is not None
    assert type(load_backbone(tmp_path / "model")) is type(fitted.model)
    lines = fit_lines(fitted.model.held_out_, fitted.model.history_, fitted.selection)
    assert lines[0].startswith(f"{fitted.selection.chosen} was chosen")
    assert not (tmp_path / "model.training").exists()


def test_an_interrupted_choice_is_not_made_again(frame, tmp_path):
    def stop(step):
        if not step.stage.startswith("family"):
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        fit(frame, "auto", tmp_path / "model", steps=8, progress=stop)
    chosen = json.loads((tmp_path / "model.training" / "family.json").read_text())
    fitted = fit(frame, "auto", tmp_path / "model", steps=8, resume=True)
    assert fitted.selection is None
    assert fitted.model.steps == 8
    whole = fit(frame, chosen, tmp_path / "whole", steps=8).model
    assert (tmp_path / "model" / "model.json").read_bytes() == (tmp_path / "whole" / "model.json").read_bytes()
    assert type(whole) is type(fitted.model)


def test_an_interrupted_search_keeps_its_trials(frame, tmp_path):
    def stop(step):
        if step.stage.startswith("trial 3"):
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        fit(frame, "vae", tmp_path / "model", steps=30, trials=3, progress=stop)
    with closing(sqlite3.connect(tmp_path / "model.training" / "tuning.sqlite")) as database:
        assert database.execute("select count(*) from trials").fetchone()[0] >= 2
    resumed = fit(frame, "vae", tmp_path / "model", steps=30, trials=3, resume=True)
    assert resumed.tuning == fit(frame, "vae", tmp_path / "whole", steps=30, trials=3).tuning
    assert "Best of 3 trials" in fit_lines(resumed.model.held_out_, resumed.model.history_, tuning=resumed.tuning)[0]


def test_going_on_from_a_model_keeps_its_columns(frame, tmp_path):
    fit(frame, "vae", tmp_path / "first", steps=20)
    more = frame.assign(a=frame["a"] + 30, further=1)[["further", "b", "a"]]
    fitted = fit(more, "vae", tmp_path / "second", steps=20, start=tmp_path / "first", seed=1)
    assert ek.load_model(tmp_path / "second").encoder_.schema == ek.load_model(tmp_path / "first").encoder_.schema
    assert fitted.model.score(more).shape == (120,)
    with pytest.raises(SchemaError):
        fit(frame[["a"]], "vae", tmp_path / "third", start=tmp_path / "first")


def test_votes_are_taught_back(frame, tmp_path):
    fit(frame, "vae", tmp_path / "first", steps=30)
    shown = load_backbone(tmp_path / "first").sample(40)
    votes = pd.DataFrame({"row": [0, 1], "preferred": [0, 1], "rejected": [2, 3], "weight": [1.0, 0.5]})
    fit(frame, "vae", tmp_path / "second", steps=30, start=tmp_path / "first", votes=votes, shown=shown)
    first, second = (ek.load_model(tmp_path / name).score(frame) for name in ("first", "second"))
    assert (first != second).any()
    with pytest.raises(InputError, match="positions from 0 to 39, row 1"):
        wrong = votes.assign(preferred=[0, 40])
        fit(frame, "vae", tmp_path / "third", start=tmp_path / "first", votes=wrong, shown=shown)
    first = {"start": tmp_path / "first"}
    for named, said in (
        ({"votes": votes, **first}, "together"),
        ({"shown": shown, **first}, "together"),
        ({"votes": votes, "shown": shown}, "--from"),
    ):
        with pytest.raises(InputError, match=said):
            fit(frame, "vae", tmp_path / "third", **named)


def test_votes_of_a_study_are_taught_back_and_an_interrupted_run_keeps_to_those_it_began_with(frame, tmp_path):
    fit(frame, "vae", tmp_path / "first", steps=30)
    address = f"sqlite:///{tmp_path / 'studies.sqlite'}"
    sides = {"one": ek.load(frame.head(20)), "two": load_backbone(tmp_path / "first").sample(20)}
    teach = {"steps": 30, "start": tmp_path / "first", "votes": "rows", "store": address}
    with Store(address) as store:
        create_study(store, "rows", StudyDesign(votes_per_question=1), sides)
        with pytest.raises(InputError, match="no vote prefers"):
            fit(frame, "vae", tmp_path / "second", **teach)
        (rater,) = invite(store, "rows", ["Ann"])
        vote_left(store, rater.token, 10)
        study, event = study_preferences(store, "rows", sides["one"].schema), last_event(store, "rows")
        fit(frame, "vae", tmp_path / "second", **teach)
        fit(frame, "vae", tmp_path / "table", steps=30, start=tmp_path / "first", votes=study.votes, shown=study.shown)
        assert (load_backbone(tmp_path / "second").score(frame) == load_backbone(tmp_path / "table").score(frame)).all()
        vote_left(store, rater.token, 5)
        (tmp_path / "third.training").mkdir()
        (tmp_path / "third.training" / "votes.json").write_text(str(event))
        fit(frame, "vae", tmp_path / "third", **teach, resume=True)
    assert (load_backbone(tmp_path / "third").score(frame) == load_backbone(tmp_path / "second").score(frame)).all()
    with pytest.raises(InputError, match="no study"):
        fit(frame, "vae", tmp_path / "fourth", **(teach | {"votes": "nothing"}))
    assert not (tmp_path / "fourth.training").exists()


def vote_left(store, token, n):
    for _ in range(n):
        asked = next_question(store, token)
        vote(store, token, asked.assignment, f"vote-{asked.assignment}", {"choice": "left"})


def test_what_excludes_each_other_is_refused(frame, tmp_path):
    fit(frame, "vae", tmp_path / "first", steps=5)
    for named in ({"steps": 5, "minutes": 1.0}, {"start": tmp_path / "first", "trials": 2}, {"resume": True}):
        with pytest.raises(InputError):
            fit(frame, "vae", tmp_path / "model", **named)
    with pytest.raises(InputError, match="auto or one of"):
        fit(frame, "no such family", tmp_path / "model")
    with pytest.raises(InputError, match="name its family"):
        fit(frame, "auto", tmp_path / "model", start=tmp_path / "first")
    with pytest.raises(CapabilityError, match="condition"):
        load_backbone(tmp_path / "first").sample(3, condition="seven")


def test_windows_and_vocabularies_are_what_was_asked_for(frame, tmp_path):
    steps = pd.DataFrame({"time": range(200), "level": [float(i % 7) for i in range(200)]})
    model = fit(steps, "recurrent_lm", tmp_path / "series", steps=3, modality="series", window=12).model
    assert model.layout_.length == 12
    texts = ek.Texts.of(["to be or not to be"] * 30)
    assert fit(texts, "recurrent_lm", tmp_path / "texts", steps=3, vocabulary=262).model.layout_.vocabulary_size == 262
    for wrong, said in (({"window": 12}, "leave --window out"), ({"vocabulary": 300}, "leave --vocabulary out")):
        with pytest.raises(InputError, match=said):
            fit(frame, "vae", tmp_path / "model", **wrong)
    with pytest.raises(InputError, match="leave --window and --vocabulary out"):
        fit(steps, "recurrent_lm", tmp_path / "model", start=tmp_path / "series", window=12)
