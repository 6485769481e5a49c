import pytest

from evalkit.core.errors import InputError
from evalkit.data import folders
from evalkit.data.folders import files_in


def _fill(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("12345")


def test_files_come_in_the_order_of_their_paths(tmp_path):
    _fill(tmp_path, "b.txt", "a/z.TXT", "a/b/c.txt", "c.md", ".hidden/d.txt", ".e.txt")
    assert [path.relative_to(tmp_path).as_posix() for path in files_in(tmp_path, (".txt",))] == ["a/b/c.txt", "a/z.TXT", "b.txt"]


def test_links_do_not_lead_out_of_the_folder(tmp_path):
    _fill(tmp_path, "in/a.txt", "out/secret.txt")
    (tmp_path / "in" / "link.txt").symlink_to(tmp_path / "out" / "secret.txt")
    (tmp_path / "in" / "gone.txt").symlink_to(tmp_path / "nothing.txt")
    assert [path.name for path in files_in(tmp_path / "in", (".txt",))] == ["a.txt"]


def test_limits(tmp_path, monkeypatch):
    _fill(tmp_path, "a.txt", "b.txt")
    with pytest.raises(InputError, match=r"holds no file with \.png, \.jpg"):
        files_in(tmp_path, (".png", ".jpg"))
    with pytest.raises(InputError, match="limit of 9 bytes"):
        files_in(tmp_path, (".txt",), limit_bytes=9)
    monkeypatch.setattr(folders, "MOST_FILES", 1)
    with pytest.raises(InputError, match="more than 1 files"):
        files_in(tmp_path, (".txt",))
