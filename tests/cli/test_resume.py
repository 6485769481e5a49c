"""A fit that is killed goes on where it was and ends with the same bytes; two fits with one seed have the same bytes."""

import os
import signal
import subprocess
import sys
import time

import pytest

from evalkit.run.samples import SAMPLES


def command(out, *more):
    sample = str(SAMPLES["breast_cancer"].path())
    return [sys.executable, "-m", "evalkit", "fit", sample, "--backbone", "vae", "--steps", "500", "--out", str(out), *more]


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    out = tmp_path_factory.mktemp("whole") / "model"
    subprocess.run(command(out), check=True, capture_output=True)
    return contents(out)


def test_same_seed_same_bytes(whole, tmp_path):
    subprocess.run(command(tmp_path / "model"), check=True, capture_output=True)
    assert contents(tmp_path / "model") == whole
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_killed_and_resumed_equals_uninterrupted(whole, tmp_path):
    out = tmp_path / "model"
    training = tmp_path / "model.training"
    process = subprocess.Popen(command(out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not (training.is_dir() and any(training.iterdir())):
        assert process.poll() is None, "the fit ended before it wrote a checkpoint"
        assert time.monotonic() < deadline
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not out.exists()
    subprocess.run(command(out, "--resume"), check=True, capture_output=True)
    assert contents(out) == whole
    assert not training.exists()
