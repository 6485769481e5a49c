"""The shape of the house: light imports, public names, catalogues, room READMEs, and the README's own examples."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import evalkit
from evalkit.anomaly.members import MEMBERS
from evalkit.backbones import BACKBONES

ROOT = Path(__file__).parents[1]
ROOMS = sorted(path for path in (ROOT / "evalkit").iterdir() if path.is_dir() and path.name != "__pycache__")


def python(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout


def test_asking_for_help_loads_nothing_heavy():
    code = (
        "import sys, evalkit.cli.main; print([name for name in ('torch', 'pandas', 'numpy', 'streamlit') if name in sys.modules])"
    )
    assert python(code).strip() == "[]"


def test_every_public_name_is_there_and_documented():
    assert len(evalkit.__all__) <= 40
    assert sorted(evalkit.__all__) == sorted(set(evalkit.__all__))
    for name in evalkit.__all__:
        assert (getattr(evalkit, name).__doc__ or "").strip(), name


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = evalkit.nothing


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_every_room_says_what_it_is_for(room):
    readme = room / "README.md"
    assert readme.is_file(), f"{room.name} has no README.md"
    assert len(readme.read_text(encoding="utf-8").splitlines()) <= 40


@pytest.mark.parametrize("name", BACKBONES)
def test_every_backbone_is_documented_and_tested(name):
    loaded = BACKBONES[name].load()
    assert ">>>" in loaded.__doc__
    assert list((ROOT / "tests" / "backbones" / name).glob("test_*.py"))


@pytest.mark.parametrize("name", MEMBERS)
def test_every_member_is_documented(name):
    assert MEMBERS[name].looks_for
    assert (MEMBERS[name].load().__doc__ or "").strip()


def test_the_python_example_of_the_readme_runs(tmp_path):
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    assert blocks
    for block in blocks:
        done = subprocess.run([sys.executable, "-c", block], capture_output=True, text=True, check=False, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
