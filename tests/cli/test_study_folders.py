"""``evalkit study`` as a person runs it."""

import json

import pytest

from tests.cli.commands import evalkit


@pytest.fixture
def texts(tmp_path):
    """Two generators' texts and a store."""
    for name in ("a", "b"):
        (tmp_path / f"{name}.txt").write_text("".join(f"{name} says {i}\n" for i in range(3)))
    return tmp_path


def test_export_and_import(texts):
    store = ("--store", texts / "store.sqlite")
    made = evalkit("study", "create", "poems", "--generator", f"a={texts / 'a.txt'}", "--generator", f"b={texts / 'b.txt'}", *store)
    assert made.returncode == 0, made.stderr
    written = evalkit("study", "export", "poems", texts / "out", *store, "--json")
    assert json.loads(written.stdout)["items"] == 3
    again = evalkit("study", "import", texts / "out", *store)
    assert again.returncode == 2
    assert "choose another name with --name" in again.stderr
    copied = evalkit("study", "import", texts / "out", "--name", "copy", *store)
    assert copied.returncode == 0, copied.stderr
    heads = [json.loads(evalkit("study", "verify", name, *store, "--json").stdout) for name in ("poems", "copy")]
    assert heads[0] == heads[1]
    assert heads[0]["digest"] == json.loads(written.stdout)["head"]
