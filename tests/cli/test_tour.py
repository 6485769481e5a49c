import sys

import pytest

from evalkit.cli import tour


@pytest.mark.parametrize("only_rating", [False, True])
def test_the_app_takes_the_process_and_knows_who_it_is_for(monkeypatch, tmp_path, capsys, only_rating):
    """Everything but the last step, which would replace this process by the server."""
    monkeypatch.setenv("EVALKIT_HOME", str(tmp_path))
    monkeypatch.delenv("EVALKIT_ONLY_RATING", raising=False)
    started = []
    monkeypatch.setattr(tour.os, "execve", lambda path, command, environment: started.append((path, command, environment)))
    tour.app(8600, only_rating)
    [(path, command, environment)] = started
    assert path == sys.executable
    assert {"--server.address=127.0.0.1", "--server.port=8600"} <= set(command)
    assert environment.get("EVALKIT_ONLY_RATING") == ("1" if only_rating else None)
    assert "http://127.0.0.1:8600/study?organiser=" in capsys.readouterr().out
