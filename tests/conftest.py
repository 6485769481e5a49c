"""Settings for all tests: property tests try the same examples every time, and no test reads or writes the user's own folders."""

import pytest
from hypothesis import settings

from tests.study.databases import postgres, server, store, url  # noqa: F401 fixtures of all tests that keep studies

settings.register_profile("evalkit", derandomize=True, deadline=None)
settings.load_profile("evalkit")


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("EVALKIT_HOME", str(tmp_path_factory.mktemp("evalkit_home")))
