"""Settings for all tests: property tests try the same examples every time, and no test reads or writes the user's own folders."""

import tempfile

import pytest
from hypothesis import settings

from tests.study.databases import postgres, server, store, url  # noqa: F401 fixtures of all tests that keep studies

settings.register_profile("evalkit", derandomize=True, deadline=None)
settings.load_profile("evalkit")


@pytest.fixture(scope="session")
def _homes(tmp_path_factory):
    return tmp_path_factory.mktemp("homes")


@pytest.fixture(autouse=True)
def _own_home(_homes, monkeypatch):
    # pytest's own folders are numbered, and to find the next number it reads the names of all that there are.
    monkeypatch.setenv("EVALKIT_HOME", tempfile.mkdtemp(dir=_homes))
