"""What every backbone offers: fit, score, draw, reconstruct; on Samples, and on encoded rows for the rooms above."""

import hashlib
import json
import math
import numbers
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Literal, NoReturn, Self

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from pydantic import TypeAdapter
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from evalkit.backbones.checkpoint import readable
from evalkit.backbones.network import Network, rebuilt
from evalkit.backbones.preferences import Votes, with_liked_items
from evalkit.backbones.processes import processes
from evalkit.backbones.search import SearchSpace
from evalkit.backbones.stretches import hold_out_stretches
from evalkit.backbones.threads import suitable_threads
from evalkit.backbones.training import History, Objective, Schedule, arrays_of, train
from evalkit.core.errors import CapabilityError, InputError, SchemaError, ShapeError
from evalkit.core.evidence import Evidence, Failure, Finding
from evalkit.core.progress import Progress, Step, silent
from evalkit.core.sample import Sample
from evalkit.core.schema import Modality, Schema
from evalkit.core.seeds import generator
from evalkit.core.state import State
from evalkit.data.encoded import Encoded, Layout
from evalkit.data.encoders import Encoder, encoder_for, encoder_from_state
from evalkit.data.load import load
from evalkit.data.rows import Rows
from evalkit.data.windows import Windows
from evalkit.statistics.intervals import mean_interval

Capability = Literal["score", "log_prob_bound", "sample", "reconstruct", "interpolate", "condition"]
Array = NDArray[np.float64]
HELD_OUT = "nats a held-out row"
FINDING: TypeAdapter[Finding] = TypeAdapter(Finding)
LAYOUT: TypeAdapter[Layout] = TypeAdapter(Layout)
_MOST_HELD_OUT = 1000


class Backbone(BaseEstimator, ABC):  # type: ignore[misc]
    """A generative model of a Sample.

    Its network has one function ``per_row(x, eps, t)`` that returns each row's terms, (n, terms): the training loss averages
    it, the score sums it, the explanation shows it. Noise is an input: for scoring it is drawn once from (seed, draw) and is
    the same for all rows, for sampling it is keyed by (seed, row number).

    Settings are constructor arguments, among them ``steps``, ``minutes``, ``device`` and ``random_state``; ``fit`` returns the
    backbone, what is fitted ends in an underscore. A family fills in the abstract methods and those of the underscored ones that
    its capabilities name.

    Attributes:
        capabilities: what this family can do with each modality; anything else raises CapabilityError.
        chunk: rows that are scored at once.
        search_space: settings that :func:`evalkit.backbones.tuning.tune` may vary, and how far.
        network_: in float64, for scoring.
        layout_: what the encoded rows it was fitted to look like.
        encoder_: from Samples to encoded rows and back; None when it was fitted to encoded rows.
        history_: the training curves.
        held_out_: mean score of rows that training never saw, with its interval; or why there is none.
    """

    capabilities: ClassVar[Mapping[Modality, frozenset[Capability]]]
    chunk: ClassVar[int] = 512
    search_space: ClassVar[SearchSpace] = {}

    steps: int | None
    minutes: float | None
    device: str
    random_state: int

    network_: Network
    layout_: Layout
    encoder_: Encoder | None
    history_: History
    held_out_: Finding

    def fit(
        self,
        data: Any,
        y: None = None,
        *,
        encoder: Encoder | None = None,
        start: Self | None = None,
        votes: tuple[Any, pd.DataFrame] | None = None,
        progress: Progress = silent,
        folder: Path | None = None,
        resume: bool = False,
    ) -> Self:
        """Fit to a Sample.

        Args:
            data: whatever :func:`evalkit.data.load.load` reads: a path, a frame, an array, a Sample.
            y: unused; scikit-learn's pipelines pass it.
            encoder: one with other settings than the usual, for example ``SeriesEncoder(length=24)`` or
                ``TextEncoder("bpe")``; it is fitted to the data here.
            start: a fitted backbone of this family to go on from: its encoder is kept, its network is trained further at a third of
                the usual rate. The data must have its schema.
            votes: what was shown, a Sample or whatever is read as one, and the votes on it; see
                :meth:`~evalkit.backbones.preferences.Votes.of`. It needs ``start``.
            progress: see :mod:`evalkit.core.progress`.
            folder: where training checkpoints are written; None writes none.
            resume: go on from the checkpoint in ``folder``, if there is one.
        """
        if start is None:
            sample = load(data)
            encoder = encoder_for(sample, encoder)
        else:
            if encoder is not None:
                raise InputError("a model to go on from has its encoder: give start or encoder, not both")
            encoder = start._encoder()
            sample = load(data, schema=encoder.schema)
        cast = None
        if votes is not None:
            items, frame = votes
            cast = Votes.of(encoder.transform(load(items, schema=encoder.schema)), frame)
        rows = encoder.transform(sample)
        self.fit_rows(rows, start=start, votes=cast, progress=_decoded(progress, encoder), folder=folder, resume=resume)
        self.encoder_ = encoder
        return self

    def fit_rows(
        self,
        rows: Encoded,
        *,
        start: Self | None = None,
        votes: Votes | None = None,
        progress: Progress = silent,
        folder: Path | None = None,
        resume: bool = False,
    ) -> Self:
        """:meth:`fit` for encoded rows; at least one. On one machine, rows and settings decide the result to the last bit."""
        check_rows(rows)
        if votes is not None and start is None:
            raise InputError("learning from votes needs the model that made what was shown: give it as start")
        self._check_modality(rows.layout.modality)
        self._check_settings()
        self._check_device()
        training, held_out = self.split(rows)
        aim = held_out
        if votes is not None:
            training, aim = self._with_votes(votes, training), self._with_votes(votes, held_out)
        with suitable_threads(rows.layout.modality):
            network = self._new_network(rows) if start is None else self._further(start, rows)
            if votes is not None:
                with torch.no_grad():
                    self._meet_liked(network, training)
            together, schedule = processes(self.device), self._schedule(training)
            network = network.to(together.device)
            self.history_ = train(
                network,
                self._objective_with(votes, network, training, aim if len(aim) else training),
                schedule if start is None else self._gentler(schedule, votes),
                together=together,
                stage=f"fitting the {type(self).__name__}",
                fingerprint=fingerprint(rows, self.get_params(), *_weights(start), *(() if votes is None else votes.arrays())),
                folder=folder,
                resume=resume,
                progress=progress,
                preview=partial(self._drawn_from, network, rows.layout),
            )
        self._keep(network.cpu(), rows.layout)
        with torch.no_grad(), suitable_threads(rows.layout.modality):
            self._learn_more(training, held_out)
        self.held_out_ = self._judge(held_out)
        return self

    @property
    def schema_(self) -> Schema:
        """The schema of the Samples that it was fitted to, under which others are read."""
        return self._encoder().schema

    def encode(self, data: Any) -> Encoded:
        """Data as the encoded rows that the methods named ``*_rows`` take."""
        return self._rows(data)

    def score(self, data: Any, y: None = None) -> Array:
        """How little the model expects each row, (n,): minus the bound on its log-likelihood in nats; higher = more anomalous.

        Nats of one model compare rows; they do not compare models whose columns or units differ.
        """
        return self.score_rows(self._rows(data))

    def anomaly_score(self, data: Any) -> Array:
        """The same as :meth:`score`, by the name that detectors have for it."""
        return self.score(data)

    def log_prob_bound(self, data: Any) -> Array:
        """A lower bound on each row's log-likelihood in nats, (n,)."""
        self._require("log_prob_bound")
        return -self.score(data)

    def terms(self, data: Any) -> Array:
        """Each part's share of the score, (n, parts); a row's shares add up to its score.

        Parts are a table's source columns, a text's tokens (NaN beyond its end), an image's pixels, a window's steps and channels.
        """
        return self.terms_rows(self._rows(data))

    def sample(self, n: int, random_state: int = 0, condition: str | None = None) -> Sample:
        """Draw n new rows; row i is the same whatever n is.

        Args:
            n: how many, >= 1.
            random_state: seed of the draws.
            condition: what they should show, for families that can be told.
        """
        return self._sample_of(self.sample_rows(n, random_state, condition))

    def reconstruct(self, data: Any) -> Sample:
        """The rows as the model sees them: what it cannot express is gone, what is missing is filled in."""
        return self._sample_of(self.reconstruct_rows(self._rows(data)))

    def interpolate(self, first: Any, last: Any, steps: int = 5) -> Sample:
        """The way from one row to another through the model's space, ``steps`` rows with both ends reconstructed."""
        return self._sample_of(self.interpolate_rows(self._rows(first), self._rows(last), steps))

    def split(self, rows: Encoded) -> tuple[Any, Any]:
        """The rows that it would train on, and those that it would hold out: one in ten, at most 1,000; of fewer than ten none.

        Of windows see :func:`~evalkit.backbones.stretches.hold_out_stretches`.
        """
        random = generator(self.random_state, type(self).__name__.lower(), "held out")
        n_held_out = min(len(rows) // 10, _MOST_HELD_OUT)
        if isinstance(rows, Windows):
            return hold_out_stretches(rows, n_held_out, random)
        order = random.permutation(len(rows))
        return rows.take(order[n_held_out:]), rows.take(order[:n_held_out])

    def score_rows(self, rows: Encoded) -> Array:
        """:meth:`score` for encoded rows."""
        with torch.no_grad(), suitable_threads(rows.layout.modality):
            scores = [self.network_.per_row(x, *self._noise()).sum(dim=1) for x in self._chunks(rows)]
        return np.asarray(torch.cat(scores).numpy(), dtype=np.float64)

    def terms_rows(self, rows: Encoded) -> Array:
        """:meth:`terms` for encoded rows."""
        with suitable_threads(rows.layout.modality):
            terms = torch.cat([self._terms(x) for x in self._chunks(rows)])
        values = np.asarray(terms.numpy(), dtype=np.float64)
        return rows.by_column(values) if isinstance(rows, Rows) else values

    def sample_rows(self, n: int, random_state: int = 0, condition: str | None = None) -> Encoded:
        """:meth:`sample` as encoded rows."""
        self._require("sample")
        if condition is not None:
            self._require("condition")
        if n < 1:
            raise InputError(f"the number of rows to draw must be at least 1, got {n}")
        with torch.no_grad(), suitable_threads(self.layout_.modality):
            return self._sample(n, random_state, condition)

    def reconstruct_rows(self, rows: Encoded) -> Encoded:
        """:meth:`reconstruct` for encoded rows."""
        self._require("reconstruct")
        self._check_layout(rows)
        with torch.no_grad(), suitable_threads(rows.layout.modality):
            return self._reconstruct(rows)

    def interpolate_rows(self, first: Encoded, last: Encoded, steps: int = 5) -> Encoded:
        """:meth:`interpolate` for encoded rows, one each."""
        self._require("interpolate")
        if len(first) != 1 or len(last) != 1 or steps < 2:
            raise InputError(f"interpolation needs one row at each end and 2 steps, got {len(first)}, {len(last)} and {steps}")
        self._check_layout(first)
        self._check_layout(last)
        with torch.no_grad(), suitable_threads(first.layout.modality):
            return self._interpolate(first, last, steps)

    def to_state(self) -> State:
        """Everything that was fitted, and the settings."""
        check_is_fitted(self)
        return {
            "settings": _plain(self.get_params()),
            "layout": self.layout_.model_dump(mode="json"),
            "network": self.network_.plan(),
            "weights": saved_weights(self.network_),
            "history": self.history_.to_state(),
            "held_out": self.held_out_.model_dump(mode="json"),
            "encoder": None if self.encoder_ is None else self.encoder_.to_state(),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """What :meth:`to_state` gave.

        Raises:
            ModelError: the state does not fit this family.
        """
        with readable(cls.__name__):
            backbone = cls(**state["settings"])
            backbone._check_settings()
            layout = LAYOUT.validate_python(state["layout"])
            network = rebuilt(lambda: cls._network_from(layout, state["network"]), state["weights"])
            backbone.history_ = History.from_state(state["history"])
            backbone.held_out_ = FINDING.validate_python(state["held_out"])
            backbone._keep(network, layout)
            if state["encoder"] is not None:
                backbone.encoder_ = encoder_from_state(layout.modality, state["encoder"])
        return backbone

    @abstractmethod
    def _new_network(self, rows: Encoded) -> Network:
        """A network for these rows with its first weights, a function of rows and settings."""

    @classmethod
    @abstractmethod
    def _network_from(cls, layout: Layout, plan: Mapping[str, Any]) -> Network:
        """The network that a plan tells of, with any weights."""

    @abstractmethod
    def _objective(self, network: Network, training: Encoded, held_out: Encoded) -> Objective:
        """What the network is trained for."""

    @abstractmethod
    def _schedule(self, training: Encoded) -> Schedule:
        """How long and how fast."""

    @abstractmethod
    def _noise(self) -> tuple[Tensor, Tensor | None]:
        """The fixed eps and t of scoring, as ``per_row`` takes them."""

    def _learn_more(self, training: Encoded, held_out: Encoded) -> None:
        """What a family finds out once its network is trained; by default nothing."""

    def _terms(self, x: Tensor) -> Tensor:
        """Terms of prepared rows, (n, terms), a table's one a feature; they add up to the score."""
        with torch.no_grad():
            return self.network_.per_row(x, *self._noise())

    def _sample(self, n: int, random_state: int, condition: str | None) -> Encoded:
        self._cannot("sample")

    def _reconstruct(self, rows: Encoded) -> Encoded:
        self._cannot("reconstruct")

    def _interpolate(self, first: Encoded, last: Encoded, steps: int) -> Encoded:
        self._cannot("interpolate")

    def _limits(self) -> Mapping[str, int]:
        """The largest value of each whole-number setting of the family; the smallest is 1."""
        return {}

    def _check_settings(self) -> None:
        for name, most in {"steps": 10**9, **self._limits()}.items():
            value = getattr(self, name)
            if value is not None and not (_whole(value) and 1 <= value <= most):
                raise InputError(f"{name} must be a whole number between 1 and {most}, got {value!r}: change the setting")
        if not _whole(self.random_state):
            raise InputError(f"random_state must be a whole number, got {self.random_state!r}: change the setting")
        if self.minutes is not None and not (_number(self.minutes) and 0 < self.minutes < math.inf):
            raise InputError(f"minutes must be a number above 0, got {self.minutes!r}: change the setting")

    def _check_device(self) -> None:
        """Raise InputError unless training could run there: a model that was trained on a GPU is still read without one."""
        try:
            torch.empty(0, device=self.device)
        except (RuntimeError, AssertionError) as error:
            raise InputError(f"there is no device {self.device!r} here: use cpu") from error

    def _check_modality(self, modality: Modality) -> None:
        if modality not in self.capabilities:
            able = ", ".join(self.capabilities)
            raise CapabilityError(f"{type(self).__name__} cannot be fitted to {modality}, only to {able}: choose another backbone")

    def _judge(self, held_out: Encoded) -> Finding:
        """What the fitted model makes of the rows that training never saw."""
        return held_out_finding(self.score_rows(held_out), seed=self.random_state)

    def _keep(self, network: Network, layout: Layout) -> None:
        """Take a network over for scoring, in float64."""
        for parameter in network.parameters():
            parameter.data = parameter.data.double()
        self.network_, self.layout_, self.encoder_ = network.eval(), layout, None

    def _drawn_from(self, network: Network, layout: Layout, n: int) -> Encoded:
        """Rows drawn from a copy of a network that is still in training."""
        drawer: Self = clone(self)
        drawer._keep(rebuilt(lambda: self._network_from(layout, network.plan()), saved_weights(network)), layout)
        return drawer.sample_rows(n, self.random_state)

    def _chunks(self, rows: Encoded) -> Iterator[Tensor]:
        """Prepared rows, some at a time; of no rows one empty piece."""
        self._check_layout(rows)
        for start in range(0, max(len(rows), 1), self.chunk):
            yield self.network_.prepare(rows.take(slice(start, start + self.chunk)))

    def _require(self, capability: Capability) -> None:
        check_is_fitted(self)
        if capability not in self.capabilities[self.layout_.modality]:
            self._cannot(capability)

    def _cannot(self, capability: Capability) -> NoReturn:
        modality = self.layout_.modality
        able = ", ".join(sorted(self.capabilities[modality]))
        family = type(self).__name__
        raise CapabilityError(f"{family} cannot do {capability} with {modality}, it can do {able}: choose another backbone")

    def _check_layout(self, rows: Encoded) -> None:
        """Raise SchemaError unless the rows look like those the model was fitted to."""
        check_is_fitted(self)
        if rows.layout != self.layout_:
            raise SchemaError(
                f"the rows do not have the layout of the {self.layout_.modality} that the model was fitted to: encode them with the"
                " model's own encoder"
            )

    def _with_votes(self, votes: Votes, rows: Encoded) -> Encoded:
        """What a family with votes trains on and is judged by meanwhile: some of the rows are items that were liked."""
        return with_liked_items(rows, votes, self.random_state)

    def _gentler(self, schedule: Schedule, votes: Votes | None) -> Schedule:
        """How fast a network that has learned before is trained further."""
        return gentler(schedule, 3)

    def _meet_liked(self, network: Network, training: Encoded) -> None:
        """What a network takes from the rows, liked items among them, before it is trained on them; by default nothing."""

    def _objective_with(self, votes: Votes | None, network: Network, training: Encoded, held_out: Encoded) -> Objective:
        """The family's objective, and what votes add to it."""
        return self._objective(network, training, held_out)

    def _further(self, start: "Backbone", rows: Encoded) -> Network:
        """A copy of another fit's network, to be trained further."""
        if type(start) is not type(self):
            raise InputError(
                f"a {type(self).__name__} can only go on from a {type(self).__name__}, not from a {type(start).__name__}"
            )
        start._check_layout(rows)
        return rebuilt(lambda: self._network_from(start.layout_, start.network_.plan()), saved_weights(start.network_))

    def _load(self, data: Any) -> Sample:
        return load(data, schema=self._encoder().schema)

    def _rows(self, data: Any) -> Encoded:
        return self._encoder().transform(self._load(data))

    def _sample_of(self, rows: Encoded) -> Sample:
        return self._encoder().decode(rows)

    def _encoder(self) -> Encoder:
        check_is_fitted(self)
        if self.encoder_ is None:
            raise CapabilityError(f"this {type(self).__name__} was fitted to encoded rows: use its methods for rows")
        return self.encoder_


def _decoded(progress: Progress, encoder: Encoder) -> Progress:
    """The same progress, with what is drawn on the way turned into a Sample."""

    def told(step: Step) -> None:
        draw = step.preview
        progress(step if draw is None else replace(step, preview=lambda n: encoder.decode(draw(n))))

    return told


def saved_weights(network: Network) -> dict[str, NDArray[Any]]:
    """A network's weights as they are saved: in float32, as they were trained."""
    arrays = arrays_of(network.state_dict())
    return {name: array.astype(np.float32) if array.dtype == np.float64 else array for name, array in arrays.items()}


def gentler(schedule: Schedule, times: float) -> Schedule:
    """For a network that has learned before: so many times slower, with at least twenty looks, so that the best is not missed."""
    often = max(schedule.steps // 20, 1)
    return replace(schedule, learning_rate=schedule.learning_rate / times, evaluate_every=min(schedule.evaluate_every, often))


def _whole(value: Any) -> bool:
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def _number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def _plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as JSON knows them: NumPy's numbers as Python's."""
    return {name: value.item() if isinstance(value, np.generic) else value for name, value in settings.items()}


def _weights(start: Backbone | None) -> list[NDArray[Any]]:
    return [] if start is None else list(saved_weights(start.network_).values())


def check_rows(rows: Encoded) -> None:
    """Raise ShapeError unless there is something to fit to."""
    if len(rows) < 1 or (isinstance(rows, Rows) and not rows.features):
        features = f" and {len(rows.features)}" if isinstance(rows, Rows) else ""
        raise ShapeError(f"a backbone needs at least one row and one feature, got {len(rows)}{features}")


def fingerprint(rows: Encoded, settings: Mapping[str, Any], *weights: NDArray[Any]) -> str:
    """A hash of the rows, settings and first weights of a training run: a checkpoint belongs to one of them only."""
    told = hashlib.sha256((rows.digest() + json.dumps(_plain(settings), sort_keys=True)).encode())
    for array in weights:
        told.update(np.ascontiguousarray(array).tobytes())
    return told.hexdigest()


def held_out_finding(scores: Array, *, seed: int) -> Finding:
    """The mean score of held-out rows as Evidence, or a Failure where fewer than two rows could be held out.

    It compares models of the same rows and columns; across data sets or units it means nothing.

    Args:
        scores: (n,) nats of rows that training never saw.
        seed: of the fit.
    """
    if len(scores) < 2:
        reason = f"{len(scores)} rows were held out and an interval needs two"
        return Failure(name=HELD_OUT, reason=reason, remedy="fit to at least 20 rows")
    interval = mean_interval(scores)
    method = "mean over held-out rows, Student-t 95 % interval"
    return Evidence(name=HELD_OUT, **interval._asdict(), direction="lower", n=len(scores), method=method, seed=seed)
