"""Files that come in over the browser: how large they may be, and under which name they are kept."""

import re
from dataclasses import dataclass
from pathlib import Path

from evalkit.core.errors import InputError
from evalkit.core.files import whole_file

MAX_UPLOAD_MB = 200


@dataclass(frozen=True)
class Upload:
    """A file that came as bytes: its name as the user calls it, and its content."""

    name: str
    content: bytes | memoryview

    def check_size(self) -> None:
        """Refuse what cannot be worked on here.

        Raises:
            InputError: the file is empty or larger than 200 MB.
        """
        megabytes = len(self.content) / 2**20
        if not self.content:
            raise InputError("the uploaded file is empty: choose a file with a header and rows")
        if megabytes > MAX_UPLOAD_MB:
            raise InputError(
                f"the uploaded file has {megabytes:.0f} MB, at most {MAX_UPLOAD_MB} MB can be uploaded: "
                "use `evalkit detect` on the command line for larger files"
            )

    def keep_in(self, folder: Path) -> Path:
        """Write the content into a folder, under the user's name as far as that is safe."""
        path = folder / _safe_name(self.name)
        with whole_file(path) as temporary:
            temporary.write_bytes(self.content)
        return path


def _safe_name(name: str) -> str:
    r"""The user's file name without what a path could be made of.

    >>> _safe_name("../../etc/pass wd.csv"), _safe_name("\u202e<b>.CSV"), _safe_name("...")
    ('pass wd.csv', '__b_.CSV', 'data')
    """
    last = re.split(r"[/\\]", name)[-1]
    safe = re.sub(r"[^\w .()+=-]", "_", last).lstrip(". ")
    stem, dot, ending = safe.rpartition(".")
    return f"{stem[:80]}{dot}{ending[:12]}" if stem else (safe[:80] or "data")
