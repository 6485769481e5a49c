from unittest.mock import patch

import numpy as np
import pytest

from evalkit.backbones import BACKBONES, BackboneSpec, selection
from evalkit.backbones.selection import Selection, select
from evalkit.backbones.vae import VAE
from evalkit.core.errors import InputError, ModelError
from evalkit.core.evidence import Evidence, Failure
from evalkit.core.progress import Step
from evalkit.core.sample import Series
from evalkit.core.seeds import generator
from evalkit.data.series_encoding import SeriesEncoder
from evalkit.statistics.intervals import Interval
from tests.backbones.mixed_rows import mixed_rows


class Untrained(VAE):
    """A VAE that stops learning at once."""

    def __init__(self, *, steps=None, minutes=None, latent_size=None, width=128, draws=16, device="cpu", random_state=0) -> None:
        super().__init__(steps=2, latent_size=1, width=2, draws=2, random_state=random_state)


class Broken(VAE):
    def fit_rows(self, rows, **named):
        raise ModelError("training diverged at step 5")


@pytest.fixture
def catalogue(monkeypatch):
    """The VAE, its equal, one that has learned nothing, and one that cannot be fitted."""
    families = {"vae": VAE, "twin": VAE, "untrained": Untrained, "broken": Broken}
    monkeypatch.setattr(BackboneSpec, "load", lambda self: families[self.name])
    specs = {name: BackboneSpec(name, name, "One.", ("table",), "nowhere", name) for name in families}
    # The catalogue comes back in its own order, on which other tests of this process may rely.
    with patch.dict(BACKBONES, specs, clear=True):
        yield


def test_families_are_compared_on_the_same_rows(catalogue):
    seen: list[Step] = []
    found = select(mixed_rows(400), settings={"steps": 150}, progress=seen.append)
    assert found.chosen in ("vae", "twin")
    assert isinstance(found.figures["vae"], Evidence)
    assert found.figures["vae"].n == 80
    assert found.figures["vae"] == found.figures["twin"]
    assert isinstance(found.figures["broken"], Failure)
    assert set(found.behind) == {"vae", "twin", "untrained"} - {found.chosen}
    assert found.behind["untrained"].low > 0
    (twin,) = found.equals
    assert found.behind[twin] == Interval(0.0, 0.0, 0.0)
    assert found.conclusion == (
        f"{found.chosen} was chosen: no difference from {twin} can be shown on held-out rows. It is better than untrained."
    )
    assert seen[0].stage == "family 1 of 4: fitting the VAE"


def test_the_same_seed_chooses_the_same(catalogue):
    settings = {"steps": 20}
    first, again, other = (select(mixed_rows(200), settings=settings, random_state=seed) for seed in (0, 0, 1))
    assert first == again
    assert first.figures != other.figures


@pytest.mark.parametrize(
    ("behind", "sentence"),
    [
        ({}, "a was chosen: no other family could be compared."),
        ({"b": Interval(1.0, 0.5, 1.5)}, "a was chosen: it is better than b on held-out rows."),
        ({"b": Interval(1.0, -0.5, 1.5)}, "a was chosen: no difference from b can be shown on held-out rows."),
        (
            {"b": Interval(1.0, 0.5, 1.5), "c": Interval(1.0, 0.1, 1.5), "d": Interval(2.0, 0.1, 2.5)},
            "a was chosen: it is better than b, c and d on held-out rows.",
        ),
    ],
)
def test_the_conclusion_says_no_more_than_the_intervals(behind, sentence):
    assert Selection("a", {}, behind).conclusion == sentence


def test_what_cannot_be_compared_is_refused(catalogue):
    with pytest.raises(InputError, match="at least 40 rows"):
        select(mixed_rows(39))
    with pytest.raises(InputError, match="choose among vae"):
        select(mixed_rows(60), families=("fairy",))
    with pytest.raises(ModelError, match="no family"):
        select(mixed_rows(60), families=("broken",))


def test_draws_are_compared_as_they_are_seen():
    """A family's figure does not depend on the units of a column."""
    rows = mixed_rows(120)
    scaled = type(rows)(rows.values * np.array([1e6, 1, 1, 1, 1, 1]), rows.features)
    first, second = (select(one, families=("vae",), settings={"steps": 10}).figures["vae"] for one in (rows, scaled))
    assert first.value == pytest.approx(second.value, rel=0.05)


def test_series_are_compared_on_steps_that_no_family_saw() -> None:
    steps = np.sin(np.arange(1500) / 7) + 0.1 * generator(0, "series").normal(size=1500)
    series = Series.of([steps[:, None]], channels=("level",))
    windows = SeriesEncoder(length=16, stride=1).fit(series).transform(series)
    training, judged = selection._split(windows, 0)
    seen = {step for start in training.starts for step in range(start, start + 16)}
    assert len(judged) > 100
    assert not any(step in seen for start in judged.starts for step in range(start, start + 16))


def test_families_that_are_alike_are_seldom_called_different() -> None:
    """Four that differ by chance only: with all pairs looked at, one in twenty at most, and four standard errors."""
    random = generator(0, "alike")
    found = 0
    for _ in range(2000):
        scores = {name: random.normal(size=200) for name in "abcd"}
        best = min(scores, key=lambda name: scores[name].mean())
        found += any(difference.low > 0 for difference in selection._behind(scores, best).values())
    assert found / 2000 < 0.05 + 4 * 0.005
