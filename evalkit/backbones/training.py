"""The one training loop: what every family shares, and how a killed run goes on as if nothing had happened.

Batches and noise are functions of (seed, step) and what an objective remembers is the history, so the state of a run is its
weights, the optimiser's moments, the best weights so far and the step: no generator has a state that would have to be kept.
"""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from evalkit.backbones.checkpoint import load_state, save_state, standing
from evalkit.backbones.processes import Alone, Processes, writes
from evalkit.core.errors import CancelledError, InputError, ModelError
from evalkit.core.progress import Progress, Step, silent
from evalkit.core.state import State

KIND = "training"
_ALONE = Alone("cpu")
_PACE_STEPS = 20
_SAVE_SECONDS = 15.0
_TELL_SECONDS = 0.5


@dataclass(frozen=True)
class Look:
    """What a look at the averaged weights found.

    Attributes:
        held_out: the loss of rows that training never sees; the weights with the lowest are kept.
        figures: whatever else is worth a curve, under the same names at every look.
        stop: why training should end now, in words; None to go on.
        alarms: what has gone wrong so far, in words.
    """

    held_out: float
    figures: Mapping[str, float] = field(default_factory=dict)
    stop: str | None = None
    alarms: tuple[str, ...] = ()


class Objective(Protocol):
    """What a family wants its network to become good at."""

    def training_loss(self, network: nn.Module, step: int) -> Tensor:
        """The loss of this step's batch, a scalar; batch and noise depend on (seed, step) only."""

    def look(self, network: nn.Module, history: "History") -> Look:
        """Judge the averaged weights on the same rows and noise every time; what was seen before is in ``history``."""


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to train.

    Attributes:
        steps: optimiser steps at most, >= 1.
        learning_rate: the highest; reached after ``warmup`` steps, then a cosine down to 2 % of it.
        betas: AdamW's decay of the two moments.
        rates: factors on the learning rate for parameters by the beginning of their names; 0 keeps them as they are.
        unaveraged: beginnings of the names of parameters that are kept as they are at a look instead of averaged.
        warmup: steps of linear rise.
        weight_decay: AdamW's.
        clip: the gradient's norm is cut to this.
        ema: decay of the moving average of the weights, which is what is kept.
        evaluate_every: steps between two looks at the held-out loss.
        patience: looks without a better held-out loss after which training stops.
        earliest: the first step at which the held-out loss counts (while a family warms up, it means something else).
        minutes: instead of ``steps``, as many steps as fit: the number is corrected by the pace as training goes on.
    """

    steps: int
    learning_rate: float = 3e-3
    betas: tuple[float, float] = (0.9, 0.999)
    rates: Mapping[str, float] = field(default_factory=dict)
    unaveraged: tuple[str, ...] = ()
    warmup: int = 50
    weight_decay: float = 1e-4
    clip: float = 5.0
    ema: float = 0.995
    evaluate_every: int = 50
    patience: int = 8
    earliest: int = 0
    minutes: float | None = None


@dataclass
class History:
    """The curve of one run.

    Attributes:
        steps: at which step each look was.
        training: mean training loss since the look before.
        held_out: held-out loss at each look.
        figures: further curves by name, one value a look.
        alarms: what went wrong, each once.
        stopped: why training ended before its last step, or None.
    """

    steps: list[int] = field(default_factory=list)
    training: list[float] = field(default_factory=list)
    held_out: list[float] = field(default_factory=list)
    figures: dict[str, list[float]] = field(default_factory=dict)
    alarms: list[str] = field(default_factory=list)
    stopped: str | None = None

    def add(self, step: int, training: float, look: Look) -> None:
        """Write down a look."""
        self.steps.append(step)
        self.training.append(training)
        self.held_out.append(look.held_out)
        for name, value in look.figures.items():
            self.figures.setdefault(name, []).append(value)
        self.alarms += [alarm for alarm in look.alarms if alarm not in self.alarms]
        self.stopped = look.stop

    def latest(self) -> dict[str, float]:
        """The last value of each curve by the name that progress shows."""
        if not self.steps:
            return {}
        others = {name: curve[-1] for name, curve in self.figures.items()}
        return {"loss": self.training[-1], "held-out loss": self.held_out[-1], **others}

    def to_state(self) -> State:
        """Plain lists."""
        return {
            "steps": list(self.steps),
            "training": list(self.training),
            "held_out": list(self.held_out),
            "figures": {name: list(curve) for name, curve in self.figures.items()},
            "alarms": list(self.alarms),
            "stopped": self.stopped,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> "History":
        """What :meth:`to_state` gave."""
        return cls(
            list(state["steps"]),
            list(state["training"]),
            list(state["held_out"]),
            {name: list(curve) for name, curve in state.get("figures", {}).items()},
            list(state.get("alarms", [])),
            state.get("stopped"),
        )


def train(
    network: nn.Module,
    objective: Objective,
    schedule: Schedule,
    *,
    together: Processes = _ALONE,
    stage: str,
    fingerprint: str = "",
    folder: Path | None = None,
    resume: bool = False,
    progress: Progress = silent,
    preview: Callable[[int], Any] | None = None,
) -> History:
    """Train a network in place; afterwards it holds the averaged weights with the lowest held-out loss.

    Args:
        network: is changed.
        objective: its losses.
        schedule: how long and how fast.
        together: the processes that train it. Each takes a batch of its own at every step, and the slopes are averaged, so that
            n processes learn as from batches n times as large; the first of them writes and tells.
        stage: what the progress is called ("fitting the VAE").
        fingerprint: names data and settings; a checkpoint of another one is refused.
        folder: where checkpoints of the run are written, about every 15 seconds and when ``progress`` asks to stop.
        resume: go on from the checkpoint in ``folder`` if there is one; the result has the same bytes as an unbroken run's.
        progress: is called at every look with the losses, and without any about twice a second between looks.
        preview: draws so many rows from the network as it is when it is called; progress hands it on over the averaged weights.

    Raises:
        CancelledError: ``progress`` asked to stop; with a folder, nothing is lost.
        ModelError: the checkpoint is damaged, or belongs to other data or settings; or the loss is not finite.
    """
    if resume and folder is None:
        raise InputError("going on with a training run needs the folder of its checkpoints: name it")
    run = _Run(network, objective, schedule, together, fingerprint)
    progress, written = (progress, folder) if writes() else (silent, None)
    if resume and folder is not None and standing(folder).exists():
        run.restore(folder)
    draw = None if preview is None else run.over_averaged_weights(preview)
    saved_at = told_at = time.monotonic()
    while not run.finished:
        run.advance()
        try:
            if run.looked or time.monotonic() - told_at > _TELL_SECONDS:
                figures = run.history.latest() if run.looked else {}
                progress(Step(stage, run.step, run.total, figures, tuple(run.history.alarms), draw))
                told_at = time.monotonic()
        except (CancelledError, KeyboardInterrupt):
            run.save(written)
            raise
        if time.monotonic() - saved_at > _SAVE_SECONDS:
            run.save(written)
            saved_at = time.monotonic()
    run.save(written)
    progress(Step(stage, run.total, run.total, run.history.latest(), tuple(run.history.alarms), draw))
    run.finish()
    return run.history


class _Run:
    """The state of one training run."""

    def __init__(self, network: nn.Module, objective: Objective, schedule: Schedule, together: Processes, fingerprint: str) -> None:
        self.network, self.objective, self.schedule, self.fingerprint = network, objective, schedule, fingerprint
        self.together = together
        self.weights, self.slope = _flat(network)
        self.optimiser = _AdamW(self.weights, self.slope, schedule.weight_decay, schedule.betas)
        self.rates = _by_name(network, schedule.rates)
        self.unaveraged = _by_name(network, dict.fromkeys(schedule.unaveraged, 0.0))
        self.average, self.best = self.weights.clone(), self.weights.clone()
        self.best_loss = math.inf
        self.step, self.total, self.fruitless = 0, schedule.steps, 0
        self.recent: list[float] = []
        self.history = History()
        self.started, self.spent, self.look_seconds = time.monotonic(), 0.0, 0.0

    @property
    def finished(self) -> bool:
        return self.step >= self.total or self.fruitless >= self.schedule.patience or self.history.stopped is not None

    @property
    def looked(self) -> bool:
        return bool(self.history.steps) and self.history.steps[-1] == self.step

    def advance(self) -> None:
        """One step of the optimiser, and a look at the held-out loss when it is due."""
        self.network.train()
        self.slope.zero_()
        with self.together.precision():
            loss = self.objective.training_loss(self.network, self.step * self.together.count + self.together.number)
        loss.backward()  # type: ignore[no-untyped-call]
        if self.together.count > 1:
            self.slope.copy_(self.together.mean(self.slope))
        self.slope *= torch.clamp(self.schedule.clip / (self.slope.norm() + 1e-6), max=1.0)
        self.optimiser.step(self._learning_rate(), self.step + 1, self.rates)
        self._average()
        self.recent.append(float(loss.detach()))
        self.step += 1
        if self.schedule.minutes is not None and (self.step % _PACE_STEPS == 0 or self.step < _PACE_STEPS):
            spent = self.spent + time.monotonic() - self.started
            left = 60 * self.schedule.minutes - spent - self.look_seconds
            self.total = self.step + max(0, int(self._agreed(left * self.step / spent)))
        if self.step % self.schedule.evaluate_every == 0 or self.step == self.total:
            self._look()

    def _learning_rate(self) -> float:
        rise = min(1.0, (self.step + 1) / (self.schedule.warmup + 1))
        fall = 0.51 + 0.49 * math.cos(math.pi * self.step / self.total)
        return self.schedule.learning_rate * rise * fall

    def _average(self) -> None:
        self.average.lerp_(self.weights, 1 - min(self.schedule.ema, (1 + self.step) / (10 + self.step)))
        if self.unaveraged is not None:
            self.average.copy_(torch.where(self.unaveraged == 0.0, self.weights, self.average))

    def over_averaged_weights(self, draw: Callable[[int], Any]) -> Callable[[int], Any]:
        """The same function, called while the network holds the averaged weights."""

        def drawn(n: int) -> Any:
            with self._averaged():
                return draw(n)

        return drawn

    @contextmanager
    def _averaged(self) -> Iterator[None]:
        own = self.weights.clone()
        self.weights.copy_(self.average)
        self.network.eval()
        try:
            yield
        finally:
            self.weights.copy_(own)

    def _look(self) -> None:
        """Compare the averaged weights' held-out loss with the best so far."""
        began = time.monotonic()
        with self._averaged():
            look = self._agreed_look(self.objective.look(self.network, self.history))
        mean = self._agreed(sum(self.recent) / len(self.recent))
        if not math.isfinite(mean + look.held_out):
            raise ModelError(f"training diverged at step {self.step}: lower the learning rate or look for extreme values")
        self.recent, self.look_seconds = [], time.monotonic() - began
        self.history.add(self.step, mean, look)
        if self.step < self.schedule.earliest and not self.finished:
            return
        if look.held_out < self.best_loss:
            self.best_loss, self.best, self.fruitless = look.held_out, self.average.clone(), 0
        else:
            self.fruitless += 1

    def _agreed_look(self, look: Look) -> Look:
        """What the processes saw, so that all of them go on or none."""
        stop = look.stop if self._agreed(float(look.stop is not None)) == 1 else None
        return replace(look, held_out=self._agreed(look.held_out), stop=stop)

    def _agreed(self, figure: float) -> float:
        if self.together.count == 1:
            return figure
        return float(self.together.mean(torch.tensor(figure, dtype=torch.float64, device=self.weights.device)))

    def finish(self) -> None:
        """Leave the best weights in the network."""
        self.weights.copy_(self.best)
        for parameter in self.network.parameters():
            parameter.grad = None
        self.network.eval()

    def save(self, folder: Path | None) -> None:
        """Write everything the run needs to go on."""
        if folder is None:
            return
        state: State = {
            "fingerprint": self.fingerprint,
            "step": self.step,
            "total": self.total,
            "spent": self.spent + time.monotonic() - self.started,
            "fruitless": self.fruitless,
            "best_loss": self.best_loss if math.isfinite(self.best_loss) else None,
            "recent": list(self.recent),
            "history": self.history.to_state(),
            "vectors": arrays_of(self._vectors()),
        }
        save_state(folder, KIND, state)

    def restore(self, folder: Path) -> None:
        """Take up what :meth:`save` wrote."""
        kind, state = load_state(folder)
        if kind != KIND or state.get("fingerprint") != self.fingerprint:
            raise ModelError(f"{folder.name!r} is a checkpoint of other data or settings: use the same ones, or start anew")
        for name, vector in self._vectors().items():
            vector.copy_(torch.tensor(state["vectors"][name]))
        self.step, self.total, self.fruitless = state["step"], state["total"], state["fruitless"]
        self.spent = state["spent"]
        self.best_loss = math.inf if state["best_loss"] is None else state["best_loss"]
        self.recent, self.history = list(state["recent"]), History.from_state(state["history"])

    def _vectors(self) -> dict[str, Tensor]:
        moments = {"first moment": self.optimiser.first, "second moment": self.optimiser.second}
        return {"weights": self.weights, "average": self.average, "best": self.best, **moments}


class _AdamW:
    """Adam with decoupled weight decay on one flat vector: a few operations a step however many layers there are.

    Source: Loshchilov and Hutter, "Decoupled Weight Decay Regularization", ICLR 2019; tests compare with ``torch.optim.AdamW``.
    """

    def __init__(self, weights: Tensor, slope: Tensor, weight_decay: float, betas: tuple[float, float]) -> None:
        self.weights, self.slope, self.weight_decay, self.betas = weights, slope, weight_decay, betas
        self.first, self.second = torch.zeros_like(weights), torch.zeros_like(weights)

    def step(self, learning_rate: float, number: int, rates: Tensor | None) -> None:
        """Move the weights; steps are numbered from 1, ``rates`` are factors on the learning rate, one a weight."""
        fast, slow = self.betas
        self.first.lerp_(self.slope, 1 - fast)
        self.second.mul_(slow).addcmul_(self.slope, self.slope, value=1 - slow)
        width = (self.second / (1 - slow**number)).sqrt_().add_(1e-8)
        if rates is None:
            self.weights.mul_(1 - learning_rate * self.weight_decay)
            self.weights.addcdiv_(self.first, width, value=-learning_rate / (1 - fast**number))
        else:
            self.weights.mul_(1 - learning_rate * self.weight_decay * rates)
            self.weights.addcdiv_(self.first * rates, width, value=-learning_rate / (1 - fast**number))


def _by_name(network: nn.Module, figures: Mapping[str, float]) -> Tensor | None:
    """A figure for each weight of the flat vector, by the beginning of its parameter's name; 1 for the others, None if for all."""
    if not figures:
        return None
    parts = []
    for name, parameter in network.named_parameters():
        figure = next((figure for beginning, figure in figures.items() if name.startswith(beginning)), 1.0)
        parts.append(torch.full((parameter.numel(),), figure, device=parameter.device))
    return torch.cat(parts)


def _flat(network: nn.Module) -> tuple[Tensor, Tensor]:
    """One vector with all of a network's weights and one with their slopes; the network's own become views of them."""
    parameters = list(network.parameters())
    weights = torch.cat([parameter.detach().reshape(-1) for parameter in parameters])
    slope = torch.zeros_like(weights)
    sizes = [parameter.numel() for parameter in parameters]
    for parameter, piece, its_slope in zip(parameters, torch.split(weights, sizes), torch.split(slope, sizes), strict=True):
        parameter.data, parameter.grad = piece.view_as(parameter), its_slope.view_as(parameter)
    return weights, slope


def arrays_of(tensors: Mapping[str, Tensor]) -> State:
    """A state dict's tensors as NumPy arrays, in their own types."""
    return {name: tensor.detach().cpu().numpy().copy() for name, tensor in tensors.items()}


def tensors_of(arrays: Mapping[str, Any]) -> dict[str, Tensor]:
    """The way back from :func:`arrays_of`."""
    return {name: torch.tensor(array, device="cpu") for name, array in arrays.items()}


def check_arrays(network: nn.Module, arrays: Mapping[str, Any]) -> None:
    """Raise ModelError unless names, shapes and types of the weights are the network's own."""
    wanted = network.state_dict()
    given = tensors_of(arrays)
    fits = wanted.keys() == given.keys() and all(
        wanted[name].shape == given[name].shape and wanted[name].dtype == given[name].dtype for name in wanted
    )
    if not fits:
        raise ModelError("the saved weights do not fit the saved settings: take the model from its source again or fit it anew")


def put_arrays(network: nn.Module, arrays: Mapping[str, Any]) -> None:
    """Load weights into a network.

    Raises:
        ModelError: see :func:`check_arrays`.
    """
    check_arrays(network, arrays)
    network.load_state_dict(tensors_of(arrays))
