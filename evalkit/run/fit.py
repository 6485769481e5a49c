"""``fit``: fit one backbone to a Sample and save it; stopped or killed, it can be resumed."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from evalkit.backbones import BACKBONES
from evalkit.backbones.base import Backbone
from evalkit.backbones.budget import Budget
from evalkit.backbones.checkpoint import check_folder
from evalkit.backbones.language import LanguageModel
from evalkit.backbones.processes import count_started, writes
from evalkit.backbones.selection import Selection, select
from evalkit.backbones.tuning import Tuning, tune
from evalkit.compare.words import fit_lines
from evalkit.core.errors import InputError
from evalkit.core.files import whole_file
from evalkit.core.progress import Progress, silent
from evalkit.core.sample import Sample
from evalkit.core.schema import Modality
from evalkit.data import Data, load
from evalkit.data.encoders import Encoder, encoder_for
from evalkit.data.series_encoding import SeriesEncoder
from evalkit.data.text_encoding import TextEncoder
from evalkit.run.detect import read
from evalkit.run.families import AUTO
from evalkit.run.models import load_backbone, save


@dataclass(frozen=True)
class Fitted:
    """A fitted backbone, and how it came to its family and settings.

    Attributes:
        model: the backbone.
        family: its name in the catalogue.
        selection: how the families compared, where ``auto`` was asked for in this run.
        tuning: what the search for settings found, where one was asked for.
    """

    model: Backbone
    family: str
    selection: Selection | None = None
    tuning: Tuning | None = None

    def lines(self) -> list[str]:
        """What there is to say, a sentence a line."""
        judged = isinstance(self.model, LanguageModel) and self.model.baseline_.status == "ok"
        baseline = self.model.baseline_ if judged else None
        return fit_lines(self.model.held_out_, self.model.history_, self.selection, self.tuning, baseline)


def fit(
    data: Data,
    backbone: str,
    out: str | Path,
    *,
    steps: int | None = None,
    minutes: float | None = None,
    trials: int | None = None,
    start: str | Path | None = None,
    votes: pd.DataFrame | str | None = None,
    shown: Data | None = None,
    store: str | None = None,
    ignore: tuple[str, ...] = (),
    modality: Modality | None = None,
    column: str | None = None,
    window: int | None = None,
    vocabulary: int | None = None,
    device: str = "cpu",
    resume: bool = False,
    seed: int = 0,
    progress: Progress = silent,
) -> Fitted:
    """Fit a backbone and save it.

    While it trains, what is needed to go on lies in ``OUT.training`` beside the model; after ``kill -9`` the same call with
    ``resume`` goes on from there and ends with the same bytes as an uninterrupted run. The folder goes when the model is saved.

    Args:
        data: what to fit.
        backbone: a name in :data:`evalkit.backbones.BACKBONES`; ``auto`` compares all families on rows held out and takes the best.
        out: folder for the model.
        steps: training steps of each fit; by default as many as the rows call for, ended early by the held-out loss.
        minutes: a time budget for all fits and for comparing them, instead of steps; the result then depends on the machine.
        trials: search the family's settings with so many trial fits first.
        start: a saved model of the family to go on from: its encoder is kept, its network trained further.
        votes: what raters preferred, taught back to the model named by ``start``: the name of a study, whose outputs and counted
            votes are taken, or a line a vote with ``preferred`` and ``rejected``, row numbers in ``shown``, and optionally
            ``weight``.
        shown: what a table of votes is about, data of the same modality.
        store: the address of the study's store; see :class:`evalkit.study.Store`.
        ignore: columns of a table to leave out.
        modality: what the data are, where it would be guessed wrong.
        column: the column that holds the texts.
        window: of series, how many steps a window has; see :class:`~evalkit.data.series_encoding.SeriesEncoder`.
        vocabulary: of texts, how many pieces of words to learn; None: tokens are bytes.
        device: where to train, for example ``"cuda"``.
        resume: go on from ``OUT.training``.
        seed: same seed, same bytes.
        progress: see :mod:`evalkit.core.progress`.

    Raises:
        InputError: an unknown backbone, settings that exclude each other, nothing to resume, or unusable data.
    """
    _check(backbone, steps, minutes, trials, start, window or vocabulary)
    if count_started() > 1 and (backbone == AUTO or trials is not None or resume):
        raise InputError("several processes train one model: name a backbone, and leave --tune and --resume out")
    event = _checked_votes(votes, shown, start, store)
    out = Path(out)
    training = out.with_name(f"{out.name}.training")
    if resume and not training.is_dir():
        raise InputError(f"there is nothing to resume, no {training.name} beside the model: run without --resume")
    check_folder(out)
    before = None if start is None else load_backbone(start)
    sample = read_sample(data, before=before, ignore=ignore, modality=modality, column=column)
    encoder = _encoder(sample, window, vocabulary)
    if not resume and training.is_dir() and writes():
        shutil.rmtree(training)
    training.mkdir(parents=True, exist_ok=True)
    fits = (len(_families(sample)) if backbone == AUTO else 0) + (trials or 0) + 1
    budget = None if minutes is None or fits == 1 else Budget(minutes, fits)
    settings = {"steps": steps, "minutes": minutes and minutes / fits, "device": device, "random_state": seed}
    family, selection = _family(backbone, sample, encoder, settings, training / "family.json", budget, progress)
    model = BACKBONES[family].load()(**settings)
    tuning = None
    if trials is not None:
        rows = encoder_for(sample, encoder).transform(sample)
        tuning = tune(model, rows, trials, study=training / "tuning.sqlite", budget=budget, progress=progress)
        model.set_params(**tuning.settings)
    if budget is not None:
        model.set_params(minutes=_minutes(budget, training / "minutes.json"))
    if isinstance(votes, str):
        shown, votes = _from_study(votes, store, before, _begun_with(event, training / "votes.json"))
    cast = None if votes is None else (shown, votes)
    model.fit(sample, encoder=encoder, start=before, votes=cast, progress=progress, folder=training / "run", resume=resume)
    if writes():
        save(model, out)
        shutil.rmtree(training)
    return Fitted(model, family, selection, tuning)


def _checked_votes(votes: pd.DataFrame | str | None, shown: Data | None, start: str | Path | None, store: str | None) -> int | None:
    """Refuse votes that cannot be learned from, before the work starts; gives the newest event of a study's log."""
    if votes is not None and start is None:
        raise InputError("votes are taught to a model that is there already: name it with --from")
    if isinstance(votes, pd.DataFrame) != (shown is not None):
        raise InputError("a table of votes needs the rows that it speaks of: give --votes and --shown together")
    if not isinstance(votes, str):
        return None
    if count_started() > 1:
        raise InputError("several processes train one model: give them the votes as a table, with --votes and --shown")
    from evalkit.run.study_preferences import last_event
    from evalkit.study import Store

    with Store(store) as opened:
        return last_event(opened, votes)


def _begun_with(event: int | None, kept: Path) -> int:
    """Up to which event of the log votes count: an interrupted run goes on with those that it began with."""
    if not kept.exists():
        _write(kept, event or 0)
    return int(_read(kept))


def _from_study(study: str, store: str | None, before: Backbone | None, until: int) -> tuple[Sample, pd.DataFrame]:
    """The outputs of a study and what was preferred of them."""
    from evalkit.run.study_preferences import study_preferences
    from evalkit.study import Store

    encoder = None if before is None else before.encoder_
    with Store(store) as opened:
        return study_preferences(opened, study, None if encoder is None else encoder.schema, until=until)


def _check(
    backbone: str, steps: int | None, minutes: float | None, trials: int | None, start: str | Path | None, encoding: int | None
) -> None:
    if backbone != AUTO and backbone not in BACKBONES:
        raise InputError(f"there is no backbone {backbone!r}: choose {AUTO} or one of {', '.join(BACKBONES)}")
    if steps is not None and minutes is not None:
        raise InputError("give --steps or --minutes, not both")
    if start is not None and (backbone == AUTO or trials is not None):
        raise InputError("a model to go on from has its family and settings: name its family, and leave --tune out")
    if start is not None and encoding is not None:
        raise InputError("a model to go on from has its windows or vocabulary: leave --window and --vocabulary out")


def read_sample(
    data: Data,
    *,
    before: Backbone | None = None,
    ignore: tuple[str, ...] = (),
    modality: Modality | None = None,
    column: str | None = None,
) -> Sample:
    """What :func:`fit` would fit to; the arguments are its own, ``before`` is the model that it goes on from."""
    if before is not None and before.encoder_ is not None:
        if ignore or modality is not None or column is not None:
            raise InputError("a model to go on from knows what it reads: leave --ignore, --modality and --column out")
        return load(data, schema=before.encoder_.schema)
    if ignore:
        if modality not in (None, "table") or column is not None:
            raise InputError("columns are ignored in tables: leave --ignore out, or --modality and --column")
        return read(data, id_column=None, ignore=ignore)
    return load(data, modality=modality, column=column)


def _families(sample: Sample) -> list[str]:
    return [name for name, spec in BACKBONES.items() if sample.schema.modality in spec.modalities]


def _encoder(sample: Sample, window: int | None, vocabulary: int | None) -> Encoder | None:
    """An encoder with the settings asked for; None: the usual one."""
    modality = sample.schema.modality
    if window is not None and modality != "series":
        raise InputError(f"windows are cut from series, and these are {modality}: leave --window out")
    if vocabulary is not None and modality != "texts":
        raise InputError(f"a vocabulary is learned from texts, and these are {modality}: leave --vocabulary out")
    if window is not None:
        return SeriesEncoder(window)
    return None if vocabulary is None else TextEncoder("bpe", vocabulary)


def _family(
    backbone: str,
    sample: Sample,
    encoder: Encoder | None,
    settings: Mapping[str, Any],
    kept: Path,
    budget: Budget | None,
    progress: Progress,
) -> tuple[str, Selection | None]:
    """The family to fit; a choice that an interrupted run has made already is not made again."""
    if backbone != AUTO:
        return backbone, None
    if kept.exists():
        if budget is not None:
            budget.skip(len(_families(sample)))
        return str(_read(kept)), None
    rows = encoder_for(sample, encoder).transform(sample)
    compared = {name: value for name, value in settings.items() if name != "random_state"}
    selection = select(rows, settings=compared, random_state=settings["random_state"], budget=budget, progress=progress)
    _write(kept, selection.chosen)
    return selection.chosen, selection


def _minutes(budget: Budget, kept: Path) -> float:
    """Of the last fit. An interrupted run goes on with what it began with: its checkpoint belongs to these settings."""
    if not kept.exists():
        _write(kept, budget.share())
    return float(_read(kept))


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _write(path: Path, found: str | float) -> None:
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps(found), encoding="utf-8")
