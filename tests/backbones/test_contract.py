"""What holds for every family with every modality that it can be fitted to."""

import multiprocessing
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.base import clone

from evalkit.backbones import BACKBONES
from evalkit.backbones.base import Backbone
from evalkit.backbones.checkpoint import load_state, save_state
from evalkit.backbones.processes import Alone
from evalkit.core.errors import CapabilityError, InputError, ModelError
from evalkit.core.evidence import Evidence
from evalkit.core.progress import Step
from evalkit.core.schema import Modality
from evalkit.data.encoded import Encoded
from tests.backbones.contract_rows import CASES, backbone, contract_rows, fit_and_save, odd_rows

# Each process is a fresh one, forked from a server that has imported torch once.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.backbones.contract_rows"])


@pytest.fixture(scope="module", params=CASES, ids=lambda case: f"{case[0]}-{case[1]}")
def case(request: pytest.FixtureRequest) -> tuple[str, Modality]:
    chosen: tuple[str, Modality] = request.param
    return chosen


@pytest.fixture(scope="module")
def rows(case: tuple[str, Modality]) -> Encoded:
    return contract_rows(case[1])


@pytest.fixture(scope="module")
def model(case: tuple[str, Modality], rows: Encoded) -> Backbone:
    return backbone(*case).fit_rows(rows)


def values_of(rows: Encoded) -> np.ndarray:
    return rows.ids if hasattr(rows, "ids") else rows.values


def take(rows: Encoded, *positions: int) -> Encoded:
    return rows.take(np.array(positions))


def test_a_row_alone_has_the_score_it_has_among_others(model: Backbone, rows: Encoded) -> None:
    scores = model.score_rows(rows)
    assert scores.dtype == np.float64
    assert np.isfinite(scores).all()
    assert scores.std() > 0
    for i in (0, 3, len(rows) - 1):
        np.testing.assert_allclose(model.score_rows(take(rows, i)), scores[i : i + 1], rtol=1e-9)
    backwards = np.arange(len(rows))[::-1]
    np.testing.assert_allclose(model.score_rows(rows.take(backwards)), scores[backwards], rtol=1e-9)


def test_terms_add_up_to_the_score(model: Backbone, rows: Encoded) -> None:
    some = rows.take(slice(0, 20))
    np.testing.assert_allclose(np.nansum(model.terms_rows(some), axis=1), model.score_rows(some), rtol=1e-9, atol=1e-9)


def test_no_rows_have_no_scores(model: Backbone, rows: Encoded) -> None:
    assert model.score_rows(rows.take(slice(0, 0))).shape == (0,)


def test_the_same_seed_gives_the_same_bytes(case: tuple[str, Modality], model: Backbone, rows: Encoded, tmp_path: Path) -> None:
    again, other = backbone(*case).fit_rows(rows), backbone(*case, random_state=1).fit_rows(rows)
    for name, one in (("first", model), ("again", again), ("other", other)):
        save_state(tmp_path / name, case[0], one.to_state())
    for name in ("model.json", "arrays.safetensors"):
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    assert (tmp_path / "first" / "arrays.safetensors").read_bytes() != (tmp_path / "other" / "arrays.safetensors").read_bytes()


def test_saved_and_loaded_it_is_the_same(case: tuple[str, Modality], model: Backbone, rows: Encoded, tmp_path: Path) -> None:
    save_state(tmp_path / "model", case[0], model.to_state())
    kind, state = load_state(tmp_path / "model")
    loaded = BACKBONES[kind].load().from_state(state)
    assert loaded.get_params() == model.get_params()
    assert loaded.layout_ == model.layout_
    assert loaded.history_ == model.history_
    assert loaded.held_out_ == model.held_out_
    np.testing.assert_array_equal(loaded.score_rows(rows), model.score_rows(rows))
    np.testing.assert_array_equal(values_of(loaded.sample_rows(3, 5)), values_of(model.sample_rows(3, 5)))
    save_state(tmp_path / "again", case[0], loaded.to_state())
    for name in ("model.json", "arrays.safetensors"):
        assert (tmp_path / "model" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_saved_weights_that_do_not_fit_their_plan_are_refused(model: Backbone) -> None:
    state = model.to_state()
    name = max(state["weights"], key=lambda name: state["weights"][name].size)
    for weights in ({**state["weights"], name: state["weights"][name][:-1]}, {"other": np.zeros(3, dtype=np.float32)}):
        with pytest.raises(ModelError):
            type(model).from_state({**state, "weights": weights})


def test_a_drawn_row_depends_on_seed_and_number_only(model: Backbone) -> None:
    five, three = model.sample_rows(5, 7), model.sample_rows(3, 7)
    assert five.layout == model.layout_
    np.testing.assert_allclose(values_of(five.take(slice(0, 3))), values_of(three), rtol=1e-9, equal_nan=True)
    other = values_of(model.sample_rows(5, 8))
    assert other.shape != values_of(five).shape or not np.array_equal(other, values_of(five), equal_nan=True)


def test_drawn_rows_lie_in_the_range_of_the_rows_it_was_fitted_to(model: Backbone, rows: Encoded) -> None:
    drawn, given = values_of(model.sample_rows(40, 0)), values_of(rows)
    axes = tuple(range(drawn.ndim - 1)) if drawn.ndim == 2 else None
    known = ~np.isnan(drawn) if drawn.dtype.kind == "f" else np.ones(drawn.shape, bool)
    low, high = np.nanmin(given, axis=axes), np.nanmax(given, axis=axes)
    slack = 1e-6 * (high - low)
    assert ((drawn >= low - slack) & (drawn <= high + slack) | ~known).all()


def test_capabilities_are_kept_and_others_refused(model: Backbone, rows: Encoded) -> None:
    able = model.capabilities[model.layout_.modality]
    first, last = take(rows, 0), take(rows, 1)
    asks = {
        "log_prob_bound": lambda: None,
        "reconstruct": lambda: model.reconstruct_rows(take(rows, 0, 1)),
        "interpolate": lambda: model.interpolate_rows(first, last, 4),
    }
    for capability, ask in asks.items():
        if capability == "log_prob_bound":
            continue
        if capability in able:
            assert ask().layout == model.layout_
        else:
            with pytest.raises(CapabilityError, match=capability):
                ask()
    if "condition" not in able:
        with pytest.raises(CapabilityError, match="condition"):
            model.sample_rows(2, condition="seven")


def test_the_held_out_figure_has_an_interval_and_the_curve_is_kept(model: Backbone) -> None:
    assert isinstance(model.held_out_, Evidence)
    assert model.held_out_.low < model.held_out_.value < model.held_out_.high
    assert model.history_.steps
    assert np.isfinite(model.history_.held_out).all()


def test_one_row_and_rows_without_variation_are_enough_to_fit(case: tuple[str, Modality]) -> None:
    for few in (contract_rows(case[1]).take(slice(0, 1)), odd_rows(case[1])):
        fitted = backbone(*case, steps=5).fit_rows(few)
        assert np.isfinite(fitted.score_rows(few)).all()
        assert len(fitted.sample_rows(3)) == 3


def test_it_goes_on_from_another_fit(case: tuple[str, Modality], model: Backbone, rows: Encoded) -> None:
    before = model.to_state()["weights"]
    further = backbone(*case, steps=3, random_state=9).fit_rows(rows, start=model)
    assert further.layout_ == model.layout_
    after = further.to_state()["weights"]
    assert any(not np.array_equal(after[name], before[name]) for name in before)
    for name, array in model.to_state()["weights"].items():
        np.testing.assert_array_equal(array, before[name])
        np.testing.assert_allclose(after[name], array, atol=0.2)


def test_settings_are_scikit_learns(case: tuple[str, Modality]) -> None:
    made = backbone(*case, random_state=3)
    assert clone(made).get_params() == made.get_params()
    assert {"steps", "minutes", "device", "random_state"} <= made.get_params().keys()


def test_progress_goes_from_the_first_look_to_the_end(case: tuple[str, Modality], rows: Encoded) -> None:
    seen: list[Step] = []
    backbone(*case).fit_rows(rows, progress=seen.append)
    assert seen[-1].done == seen[-1].total
    assert {"loss", "held-out loss"} <= seen[-1].figures.keys()


@contextmanager
def rounded() -> Iterator[None]:
    """Without oneDNN, whose recurrent layers lack bfloat16 on some processors."""
    with torch.backends.mkldnn.flags(enabled=False), torch.autocast("cpu", dtype=torch.bfloat16):
        yield


def test_it_trains_in_the_precision_of_a_gpu(case: tuple[str, Modality], rows: Encoded, monkeypatch: pytest.MonkeyPatch) -> None:
    """Matrix products in bfloat16, as on a GPU, here on the CPU."""
    exact = backbone(*case, steps=10).fit_rows(rows)
    monkeypatch.setattr(Alone, "precision", lambda self: rounded())
    rough = backbone(*case, steps=10).fit_rows(rows)
    assert {array.dtype for array in rough.to_state()["weights"].values()} <= {np.dtype(np.float32), np.dtype(np.bool_)}
    scores, roughly = exact.score_rows(rows), rough.score_rows(rows)
    assert np.isfinite(roughly).all()
    np.testing.assert_allclose(roughly.mean(), scores.mean(), atol=0.25 * scores.std() + 0.05 * abs(scores.mean()))


@pytest.mark.parametrize(
    "setting", [{"steps": 2.5}, {"steps": "a"}, {"steps": True}, {"minutes": "x"}, {"random_state": None}, {"device": "nowhere"}]
)
def test_settings_that_mean_nothing_are_refused(case: tuple[str, Modality], rows: Encoded, setting: dict[str, object]) -> None:
    with pytest.raises(InputError):
        backbone(*case, **setting).fit_rows(rows)


def test_numpys_numbers_are_numbers(case: tuple[str, Modality], rows: Encoded, model: Backbone, tmp_path: Path) -> None:
    made = backbone(*case, steps=np.int64(3), random_state=np.int32(2)).fit_rows(rows)
    save_state(tmp_path / "model", case[0], made.to_state())
    assert load_state(tmp_path / "model")[1]["settings"]["random_state"] == 2


def test_per_row_can_be_exported(model: Backbone, rows: Encoded) -> None:
    class Score(torch.nn.Module):
        def __init__(self, network: torch.nn.Module, given: tuple[torch.Tensor, ...]) -> None:
            super().__init__()
            self.network, self.given = network, given

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            result: torch.Tensor = self.network.per_row(x, *self.given)
            return result

    x = model.network_.prepare(rows.take(slice(0, 4)))
    graph = torch.export.export(Score(model.network_, model._noise()), (x,), dynamic_shapes=({0: torch.export.Dim("n", min=1)},))
    with torch.no_grad():
        for n in (1, 7):
            x = model.network_.prepare(rows.take(slice(0, n)))
            torch.testing.assert_close(graph.module()(x), model.network_.per_row(x, *model._noise()), rtol=1e-9, atol=1e-9)


def step_of(run: Path) -> int:
    """How far a run has come; a checkpoint that is being replaced at this moment cannot be read."""
    try:
        return int(load_state(run)[1]["step"])
    except (ModelError, OSError):
        return 0


def test_killed_and_resumed_it_saves_the_bytes_of_an_unbroken_run(
    case: tuple[str, Modality], model: Backbone, tmp_path: Path
) -> None:
    run, out = tmp_path / "run", tmp_path / "out"
    process = PROCESSES.Process(target=fit_and_save, args=(*case, run, out, False))
    process.start()
    while process.is_alive() and step_of(run) < 5:
        time.sleep(0.01)
    process.kill()
    process.join()
    assert process.exitcode == -signal.SIGKILL, "the run ended before it could be killed"
    assert step_of(run) > 0
    assert not out.exists()
    again = PROCESSES.Process(target=fit_and_save, args=(*case, run, out, True))
    again.start()
    again.join()
    assert again.exitcode == 0
    save_state(tmp_path / "whole", case[0], model.to_state())
    for name in ("model.json", "arrays.safetensors"):
        assert (tmp_path / "whole" / name).read_bytes() == (out / name).read_bytes()
