"""Files that ship with evalkit: the app and the data samples."""

from pathlib import Path

from evalkit.core.errors import InputError

_PACKAGE = Path(__file__).resolve().parents[1]


def bundled(name: str) -> Path:
    """Where ``apps`` or ``data_samples`` lies: inside the installed package, or beside it in a checkout.

    >>> bundled("data_samples").is_dir()
    True
    """
    for folder in (_PACKAGE / name, _PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise InputError(f"{name} is not part of this installation: install evalkit again from its wheel")
