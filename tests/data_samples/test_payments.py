"""The bundled payments: written by their script, and hard for a detector that looks at one column at a time."""

import runpy

import pandas as pd
import pytest
from sklearn.ensemble import IsolationForest

import evalkit as ek
from evalkit.core.bundled import bundled
from evalkit.run.samples import SAMPLES

FOLDER = bundled("data_samples")


@pytest.fixture(scope="module")
def payments():
    return pd.read_csv(FOLDER / "payments.csv")


@pytest.fixture(scope="module")
def truth():
    return pd.read_csv(FOLDER / "payments_truth.csv")


def test_the_script_writes_exactly_what_ships(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.argv", ["make_payments.py", str(tmp_path)])
    runpy.run_path(str(FOLDER / "make_payments.py"), run_name="__main__")
    for name in ("payments.csv", "payments_truth.csv"):
        assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes()


def test_sixty_of_five_kinds(payments, truth):
    assert len(payments) == 5000
    assert payments["payment_id"].is_unique
    assert truth["kind"].value_counts().to_dict() == dict.fromkeys(truth["kind"].unique(), 12)
    assert truth["kind"].nunique() == 5
    assert truth["payment_id"].isin(payments["payment_id"]).all()
    assert truth["column"].isin(payments.columns).all()


def test_isolation_forest_on_one_hot_columns_finds_at_most_forty(payments, truth):
    times = pd.to_datetime(payments["time"])
    plain = payments.drop(columns=["payment_id", "time", "description"])
    encoded = pd.get_dummies(plain, dummy_na=True).astype(float).fillna(-1.0).assign(hour=times.dt.hour, day=times.dt.day)
    planted = payments["payment_id"].isin(truth["payment_id"])
    for seed in range(3):
        score = -IsolationForest(n_estimators=200, random_state=seed).fit(encoded).score_samples(encoded)
        assert planted[pd.Series(score).nlargest(60).index].sum() <= 40


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_is_a_file_without_a_download(name, tmp_path, monkeypatch):
    monkeypatch.setattr("evalkit.run.samples.user_cache_path", lambda _: tmp_path)
    path = SAMPLES[name].path()
    assert len(ek.load(path)) > 100
    assert SAMPLES[name].path() == path
