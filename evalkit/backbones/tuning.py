"""Settings found by trying: every family declares what may be searched, and a study in SQLite remembers what was tried."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sklearn.base import clone

from evalkit.backbones.base import Backbone, fingerprint
from evalkit.backbones.budget import Budget
from evalkit.backbones.search import Choice, Range
from evalkit.core.errors import InputError, ModelError
from evalkit.core.extras import extra
from evalkit.core.progress import Progress, Step, silent
from evalkit.core.seeds import derive_seed
from evalkit.data.encoded import Encoded

if TYPE_CHECKING:
    from optuna import Study, Trial

_NEVER_GIVEN_UP = 4
_SETTINGS = "settings"


@dataclass(frozen=True)
class Tuning:
    """What a search found.

    Attributes:
        settings: the best ones, those that differ from where the search began.
        held_out: their held-out loss, the lowest of all; it was chosen for being low, so new rows will do a little worse.
        start: the held-out loss of the settings that the search began with.
        trials: how many were tried.
        given_up: how many of them lagged behind or diverged, and were not finished.
    """

    settings: Mapping[str, Any]
    held_out: float
    start: float
    trials: int
    given_up: int


def tune(
    backbone: Backbone,
    rows: Encoded,
    trials: int,
    *,
    study: Path | None = None,
    budget: Budget | None = None,
    progress: Progress = silent,
) -> Tuning:
    """Search a family's settings for the lowest held-out loss.

    The first trial is the backbone as it is, so the result is never worse than it on the rows held out. Trials that lag behind the
    others are given up early. Only rows that the backbone itself would train on are used; what it later holds out has no part in
    the choice. A trial depends on the seed and on the trials before it only, so a search that was stopped goes on from its file as
    if nothing had happened.

    Args:
        backbone: not fitted; its settings are the starting point, its ``search_space`` is what is varied.
        rows: encoded rows.
        trials: how many to try in all, those of an earlier search in the same file included.
        study: an SQLite file that keeps the trials; None keeps them in memory.
        budget: gives each trial its minutes.
        progress: sees every trial's training.

    Raises:
        InputError: the family declares nothing to search, or ``trials`` is less than 1.
        ModelError: training diverges with the settings that the search begins with.
        MissingExtraError: Optuna is not installed.
    """
    if trials < 1:
        raise InputError(f"the number of trials must be at least 1, got {trials}")
    if not backbone.search_space:
        raise InputError(f"{type(backbone).__name__} has no settings to search: fit it without tuning")
    training, _ = backbone.split(rows)
    search = _study(study, f"{type(backbone).__name__} {fingerprint(rows, backbone.get_params())[:16]}")
    _forget_what_was_killed(search)
    if budget is not None:
        budget.skip(min(len(_finished(search)), trials))
    while (done := len(_finished(search))) < trials:
        timed = {} if budget is None else {"minutes": budget.share()}
        _try(search, clone(backbone).set_params(**timed), training, done, _told(progress, f"trial {done + 1} of {trials}"))
    return _found(search)


def _study(path: Path | None, name: str) -> "Study":
    with extra("tune"):
        import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    pruner = optuna.pruners.MedianPruner(n_startup_trials=_NEVER_GIVEN_UP)
    storage = None if path is None else f"sqlite:///{path.resolve()}"
    return optuna.create_study(storage=storage, study_name=name, load_if_exists=True, pruner=pruner)


def _forget_what_was_killed(search: "Study") -> None:
    from optuna.trial import TrialState

    for trial in search.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        search.tell(trial.number, state=TrialState.FAIL)


def _finished(search: "Study") -> list[Any]:
    from optuna.trial import TrialState

    return search.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))


def _try(search: "Study", backbone: Backbone, rows: Encoded, done: int, progress: Progress) -> None:
    """Fit with the next settings and write down the lowest held-out loss."""
    from optuna.samplers import TPESampler
    from optuna.trial import TrialState

    search.sampler = TPESampler(seed=derive_seed(backbone.random_state, "trial", done) % 2**32, n_startup_trials=_NEVER_GIVEN_UP)
    trial = search.ask()
    settings = {} if done == 0 else {name: _suggested(trial, name, space) for name, space in backbone.search_space.items()}
    trial.set_user_attr(_SETTINGS, settings)
    candidate = clone(backbone).set_params(**settings)
    try:
        candidate.fit_rows(rows, progress=_watched(trial, progress))
    except (_GivenUpError, ModelError, InputError):
        if done == 0:
            raise
        search.tell(trial, state=TrialState.PRUNED)
    else:
        search.tell(trial, min(candidate.history_.held_out))


def _suggested(trial: "Trial", name: str, space: Range | Choice) -> Any:
    if isinstance(space, Choice):
        return trial.suggest_categorical(name, space.values)
    if isinstance(space.low, int) and isinstance(space.high, int):
        return trial.suggest_int(name, space.low, space.high, log=space.logarithmic)
    return trial.suggest_float(name, space.low, space.high, log=space.logarithmic)


class _GivenUpError(Exception):
    """A trial lags behind the others."""


def _watched(trial: "Trial", progress: Progress) -> Progress:
    """Progress that gives a trial up when its best held-out loss so far is behind the median of the others at that step."""
    best = math.inf

    def report(step: Step) -> None:
        nonlocal best
        progress(step)
        if "held-out loss" in step.figures and step.done < step.total:
            best = min(best, step.figures["held-out loss"])
            trial.report(best, step.done)
            if trial.should_prune():
                raise _GivenUpError

    return report


def _told(progress: Progress, which: str) -> Progress:
    return lambda step: progress(Step(f"{which}: {step.stage}", step.done, step.total, step.figures))


def _found(search: "Study") -> Tuning:
    from optuna.trial import TrialState

    finished = _finished(search)
    given_up = sum(trial.state == TrialState.PRUNED for trial in finished)
    best = search.best_trial
    return Tuning(best.user_attrs[_SETTINGS], search.best_value, float(finished[0].value), len(finished), given_up)
