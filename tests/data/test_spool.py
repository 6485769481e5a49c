import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest

from evalkit.core.errors import InputError
from evalkit.data import spool
from evalkit.data.spool import room_for, spooled

UNDER_A_LIMIT = """
import re, resource, sys
import numpy as np
from evalkit.data import ImageEncoder, load, spool
spool.MEMORY_BYTES = int(sys.argv[2])
used = 1024 * int(re.search(r"VmData:\\s+(\\d+)", open("/proc/self/status").read())[1])
resource.setrlimit(resource.RLIMIT_DATA, (used + 64 * 2**20, -1))
images = load(sys.argv[1])
pixels = ImageEncoder().fit(images).transform(images)
print(len(pixels), float(pixels.values[-1].max()))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux counts memory without mapped files")
def test_what_does_not_fit_into_memory_is_read_all_the_same(tmp_path):
    """150 MB of encoded images in a process that may hold 64 MB more than it does at its start."""
    images = np.zeros((9_000, 64, 64), dtype=np.uint8)
    images[-1] = 255
    np.save(tmp_path / "images.npy", images)
    done = [
        subprocess.run(
            [sys.executable, "-c", UNDER_A_LIMIT, str(tmp_path / "images.npy"), memory], capture_output=True, text=True, check=False
        )
        for memory in (str(2**20), str(2**40))
    ]
    assert done[0].stdout.split() == ["9000", "1.0"]
    assert "MemoryError" in done[1].stderr


def test_arrays_go_to_disk_above_the_limit(monkeypatch):
    monkeypatch.setattr(spool, "MEMORY_BYTES", 100)
    assert not isinstance(room_for((100,), np.uint8), np.memmap)
    large = room_for((101,), np.uint8)
    assert isinstance(large, np.memmap)
    assert not large.any()
    large[:] = 7
    assert int(large.sum()) == 707


def test_texts_are_the_same_on_disk(monkeypatch):
    batches = [pa.array([f"{i} {j}" for j in range(10)], pa.large_string()) for i in range(10)]
    held = spooled(batches)
    monkeypatch.setattr(spool, "MEMORY_BYTES", 100)
    assert spooled(iter(batches)).to_pylist() == held.to_pylist()
    assert len(spooled([])) == 0


def test_no_room_on_the_disk(monkeypatch):
    monkeypatch.setattr(spool, "MEMORY_BYTES", 100)
    with pytest.raises(InputError, match="TMPDIR"):
        room_for((2**40, 2**10), np.uint8)


@pytest.mark.parametrize("rows", [np.array([4, 0, 0]), np.arange(5) % 2 == 0, slice(1, 4), np.zeros(0, dtype=int)])
def test_taken_rows_may_lie_on_disk_too(rows, monkeypatch):
    array = np.arange(5 * 1000.0).reshape(5, 1000)
    expected = array[rows]
    monkeypatch.setattr(spool, "MEMORY_BYTES", 100)
    monkeypatch.setattr(spool, "_BLOCK_BYTES", 8_001)
    found = spool.taken(array, rows)
    assert np.array_equal(found, expected)
    assert isinstance(found, np.memmap) == (not isinstance(rows, slice) and len(expected) > 0)
