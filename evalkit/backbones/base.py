"""What every backbone offers: fit, score, draw, reconstruct; on Samples, and on encoded rows for the rooms above."""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Literal, NoReturn, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from evalkit.core.errors import CapabilityError, InputError, ModelError, SchemaError, ShapeError
from evalkit.core.evidence import Evidence, Failure, Finding
from evalkit.core.progress import Progress, silent
from evalkit.core.sample import Table
from evalkit.core.state import State
from evalkit.data.encoding import TableEncoder
from evalkit.data.load import load
from evalkit.data.rows import Feature, Rows
from evalkit.statistics.intervals import mean_interval

Capability = Literal["score", "log_prob_bound", "sample", "reconstruct", "interpolate"]
Array = NDArray[np.float64]
HELD_OUT = "nats a held-out row"
FINDING: TypeAdapter[Finding] = TypeAdapter(Finding)


class Backbone(BaseEstimator, ABC):  # type: ignore[misc]
    """A generative model of a Sample.

    Its network has one function ``per_row(x, eps, t)`` that returns each row's terms, (n, terms): the training loss averages
    it, the score sums it, the explanation shows it. Noise is an input: for scoring it is drawn once from (seed, draw) and is
    the same for all rows, for sampling it is keyed by (seed, row number).

    Settings are constructor arguments, ``fit`` returns the backbone, what is fitted ends in an underscore. A family fills in the
    abstract methods and those of the underscored ones that its capabilities name.

    Attributes:
        capabilities: what this family can do; anything else raises CapabilityError.
        features_: the features of the rows it was fitted to.
        encoder_: from tables to rows and back; None when it was fitted to rows.
        held_out_: mean score of rows that training never saw, with its interval; or why there is none.
    """

    capabilities: ClassVar[frozenset[Capability]]
    features_: tuple[Feature, ...]
    encoder_: TableEncoder | None

    def fit(
        self, data: Any, y: None = None, *, progress: Progress = silent, folder: Path | None = None, resume: bool = False
    ) -> Self:
        """Fit to a Sample.

        Args:
            data: whatever :func:`evalkit.data.load.load` reads: a path, a frame, an array, a Table.
            y: unused; scikit-learn's pipelines pass it.
            progress: see :mod:`evalkit.core.progress`.
            folder: where training checkpoints are written; None writes none.
            resume: go on from the checkpoint in ``folder``, if there is one.
        """
        table = load(data)
        encoder = TableEncoder().fit(table)
        self.fit_rows(encoder.transform(table), progress=progress, folder=folder, resume=resume)
        self.encoder_ = encoder
        return self

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
        """Each source column's share of the score, (n, columns); a row's shares add up to its score."""
        return self.terms_rows(self._rows(data))

    def sample(self, n: int, random_state: int = 0) -> Table:
        """Draw n new rows; row i is the same whatever n is."""
        return self._table(self.sample_rows(n, random_state))

    def reconstruct(self, data: Any) -> Table:
        """The rows as the model sees them: what it cannot express is gone, what is missing is filled in."""
        return self._table(self.reconstruct_rows(self._rows(data)))

    def interpolate(self, first: Any, last: Any, steps: int = 5) -> Table:
        """The way from one row to another through the model's space, ``steps`` rows with both ends reconstructed."""
        return self._table(self.interpolate_rows(self._rows(first), self._rows(last), steps))

    @abstractmethod
    def fit_rows(self, rows: Rows, *, progress: Progress = silent, folder: Path | None = None, resume: bool = False) -> Self:
        """:meth:`fit` for encoded rows; at least one."""

    @abstractmethod
    def score_rows(self, rows: Rows) -> Array:
        """:meth:`score` for encoded rows."""

    @abstractmethod
    def terms_rows(self, rows: Rows) -> Array:
        """:meth:`terms` for encoded rows, (n, len(rows.columns))."""

    @abstractmethod
    def to_state(self) -> State:
        """Everything that was fitted, and the settings."""

    @classmethod
    @abstractmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """What :meth:`to_state` gave.

        Raises:
            ModelError: the state does not fit this family.
        """

    def sample_rows(self, n: int, random_state: int = 0) -> Rows:
        """:meth:`sample` as encoded rows."""
        self._require("sample")
        check_is_fitted(self)
        if n < 1:
            raise InputError(f"the number of rows to draw must be at least 1, got {n}")
        return Rows(self._sample(n, random_state), self.features_)

    def reconstruct_rows(self, rows: Rows) -> Rows:
        """:meth:`reconstruct` for encoded rows."""
        self._require("reconstruct")
        return Rows(self._reconstruct(self._values(rows)), self.features_)

    def interpolate_rows(self, first: Rows, last: Rows, steps: int = 5) -> Rows:
        """:meth:`interpolate` for encoded rows, one each."""
        self._require("interpolate")
        if len(first) != 1 or len(last) != 1 or steps < 2:
            raise InputError(f"interpolation needs one row at each end and 2 steps, got {len(first)}, {len(last)} and {steps}")
        return Rows(self._interpolate(self._values(first), self._values(last), steps), self.features_)

    def _sample(self, n: int, random_state: int) -> Array:
        self._cannot("sample")

    def _reconstruct(self, values: Array) -> Array:
        self._cannot("reconstruct")

    def _interpolate(self, first: Array, last: Array, steps: int) -> Array:
        self._cannot("interpolate")

    def _require(self, capability: Capability) -> None:
        if capability not in self.capabilities:
            self._cannot(capability)

    def _cannot(self, capability: Capability) -> NoReturn:
        able = ", ".join(sorted(self.capabilities))
        raise CapabilityError(f"{type(self).__name__} cannot do {capability}, it can do {able}: choose another backbone")

    def _values(self, rows: Rows) -> Array:
        """The rows' values, after checking that they have the features the model was fitted to."""
        check_is_fitted(self)
        if rows.features != self.features_:
            raise SchemaError(
                f"the rows must have the {len(self.features_)} features that the model was fitted to, got {len(rows.features)}"
                " that are not the same: encode them with the model's own encoder"
            )
        return rows.values

    def _rows(self, data: Any) -> Rows:
        encoder = self._encoder()
        return encoder.transform(load(data, schema=encoder.schema))

    def _table(self, rows: Rows) -> Table:
        return self._encoder().decode(rows)

    def _encoder(self) -> TableEncoder:
        check_is_fitted(self)
        if self.encoder_ is None:
            raise CapabilityError(f"this {type(self).__name__} was fitted to encoded rows: use its methods for rows")
        return self.encoder_

    def _restore_encoder(self, state: Mapping[str, Any] | None) -> None:
        if state is not None:
            self.encoder_ = TableEncoder.from_state(state)


def check_rows(rows: Rows) -> None:
    """Raise ShapeError unless there is something to fit to."""
    if len(rows) < 1 or not rows.features:
        raise ShapeError(f"a backbone needs at least one row and one feature, got {len(rows)} and {len(rows.features)}")


def fingerprint(rows: Rows, settings: Mapping[str, Any]) -> str:
    """A hash of the rows and settings of a training run: a checkpoint belongs to one of them only."""
    told = json.dumps([[feature.model_dump(mode="json") for feature in rows.features], settings], sort_keys=True)
    return hashlib.sha256(told.encode() + np.ascontiguousarray(rows.values).tobytes()).hexdigest()


@contextmanager
def readable(family: str) -> Iterator[None]:
    """Turn whatever goes wrong while a state is taken apart into one sentence: the state came from a file."""
    try:
        yield
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, RuntimeError) as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError(f"the saved model is not a {family} of this version: fit it anew") from error


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
