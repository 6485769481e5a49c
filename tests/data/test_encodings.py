import pytest

from evalkit.core.errors import InputError
from evalkit.data.encodings import utf8

GERMAN = "Stück,Größe\n" + "schön,Straße für Öfen äußerst übel\n" * 40
RUSSIAN = "имя,город\n" + "Иван Петрович,Нижний Новгород и окрестности большого города\n" * 40


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_is_certain(encoding):
    data, problems = utf8(GERMAN.encode(encoding), "x.csv")
    assert data.decode() == GERMAN
    assert not problems


@pytest.mark.parametrize(("text", "encoding"), [(GERMAN, "cp1252"), (RUSSIAN, "cp1251"), ("a,b\nMüller,1\n", "cp1252")])
def test_other_encodings_are_guessed_and_said(text, encoding):
    data, problems = utf8(text.encode(encoding), "x.csv")
    assert data.decode() == text
    assert "not UTF-8" in problems[0].what


@pytest.mark.parametrize("data", [b"%PDF-1.7 text", b"a,b\n\x00\x01\x02", bytes(range(256)), b"\xff\xfea"])
def test_other_files_are_refused(data):
    with pytest.raises(InputError, match=r"'x\.csv'"):
        utf8(data, "x.csv")
