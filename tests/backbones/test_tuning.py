import sqlite3
from contextlib import closing
from pathlib import Path
from typing import ClassVar

import pytest
from sklearn.base import clone

from evalkit.backbones.search import Choice, Range, SearchSpace
from evalkit.backbones.tuning import Tuning, tune
from evalkit.backbones.vae import VAE
from evalkit.core.errors import CancelledError, InputError, ModelError
from evalkit.core.progress import Step
from tests.backbones.mixed_rows import mixed_rows


class SmallVAE(VAE):
    """One whose width the search finds to be too small."""

    search_space: ClassVar[SearchSpace] = {
        "width": Range(2, 32, logarithmic=True),
        "latent_size": Choice((1, 2, 3)),
        "minutes": Choice((None,)),
    }


START = SmallVAE(steps=100, width=2, latent_size=1)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[Tuning, Path, list[Step]]:
    study, seen = tmp_path_factory.mktemp("tuning") / "study.sqlite", []
    return tune(START, mixed_rows(200), 6, study=study, progress=seen.append), study, seen


def test_it_finds_settings_that_are_better_than_where_it_began(found: tuple[Tuning, Path, list[Step]]) -> None:
    tuning, _, seen = found
    assert tuning.held_out < tuning.start
    assert tuning.trials == 6
    assert set(tuning.settings) == {"width", "latent_size", "minutes"}
    assert isinstance(tuning.settings["width"], int)
    assert seen[0].stage == "trial 1 of 6: fitting the SmallVAE"
    assert seen[-1].stage.startswith("trial 6 of 6")
    clone(START).set_params(**tuning.settings)


def test_an_interrupted_search_goes_on_to_the_same_result(found: tuple[Tuning, Path, list[Step]], tmp_path: Path) -> None:
    def stop_in_the_fourth(step: Step) -> None:
        if step.stage.startswith("trial 4") and step.done > 50:
            raise CancelledError("stopped")

    study = tmp_path / "study.sqlite"
    with pytest.raises(CancelledError):
        tune(START, mixed_rows(200), 6, study=study, progress=stop_in_the_fourth)
    with closing(sqlite3.connect(study)) as database:
        assert database.execute("select count(*) from trials").fetchone() == (4,)
    assert tune(START, mixed_rows(200), 6, study=study) == found[0]


def test_a_finished_search_is_read_not_repeated(found: tuple[Tuning, Path, list[Step]]) -> None:
    seen: list[Step] = []
    assert tune(START, mixed_rows(200), 6, study=found[1], progress=seen.append) == found[0]
    assert not seen


def test_one_trial_is_the_backbone_as_it_is() -> None:
    assert tune(VAE(steps=20, width=4), mixed_rows(100), 1) == pytest.approx(tune(VAE(steps=20, width=4), mixed_rows(100), 1))


def test_what_lags_behind_is_given_up() -> None:
    class Reckless(VAE):
        search_space: ClassVar[SearchSpace] = {"width": Choice((1, 16))}

    tuning = tune(Reckless(steps=150, width=16), mixed_rows(200), 8)
    assert tuning.given_up > 0
    assert tuning.held_out <= tuning.start


def test_impossible_searches_are_refused() -> None:
    class Fixed(VAE):
        search_space: ClassVar[SearchSpace] = {}

    with pytest.raises(InputError, match="no settings to search"):
        tune(Fixed(), mixed_rows(50), 3)
    with pytest.raises(InputError, match="at least 1"):
        tune(VAE(), mixed_rows(50), 0)


def test_a_start_that_diverges_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def diverge(*given: object, **named: object) -> None:
        raise ModelError("training diverged")

    monkeypatch.setattr(VAE, "fit_rows", diverge)
    with pytest.raises(ModelError, match="diverged"):
        tune(VAE(), mixed_rows(50), 2)
