import numpy as np
import pandas as pd
import pytest

from evalkit.discriminator import FAMILIES
from tests.benchmarks.discriminator_level import GIVEAWAYS, figures, measure, trials


def test_every_family_has_a_trial_of_its_level() -> None:
    assert {trial.family for trial in trials().values() if trial.distance == 0} == set(FAMILIES)
    assert all(trial.replicates % trial.batch == 0 for trial in trials().values())


@pytest.mark.parametrize("name", [name for name, trial in trials().items() if trial.family == "logistic"])
def test_batches_add_up_and_few_replicates_are_held_against_no_bar(name: str) -> None:
    runs = [measure(name, 0, 2), measure(name, 2, 1)]
    assert measure(name, 0, 3)["rank"] == runs[0]["rank"] + runs[1]["rank"]
    made = list(figures(pd.DataFrame(runs)))
    assert {one.n for one in made} == {3}
    assert all(one.bar is None for one in made)


def test_shares_are_held_against_what_so_many_replicates_can_show() -> None:
    name = next(iter(trials()))
    run = {"trial": name, "first": 0, "cpu_seconds": 1.0, "accuracy": 0, "auc_holds": 0, "accuracy_holds": 0}
    for replicates, rejected, holds in ((2000, 140, False), (2000, 120, True), (500, 35, True)):
        first, *_ = figures(pd.DataFrame([run | {"replicates": replicates, "rank": rejected}]))
        assert first.value == rejected / replicates
        assert first.holds is holds


def test_equal_tables_are_drawn_anew_for_every_replicate() -> None:
    assert measure(GIVEAWAYS, 0, 2)["replicates"] == 2
    for trial in trials().values():
        first, second = (trial.samples(np.random.default_rng(seed), trial.distance, trial.n)[0] for seed in (0, 1))
        assert first.shape == second.shape
        assert not np.array_equal(first, second)
