"""evalkit's command line, run in two ways: as a process of its own, and here, which saves the process's start."""

import os
import subprocess
import sys
from contextlib import ExitStack, chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from unittest.mock import patch

from evalkit.cli.main import main


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


def in_a_process(*arguments, cwd=None, **environment):
    """The command as a shell runs it."""
    command = [sys.executable, "-m", "evalkit", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, env=os.environ | environment)
    assert "Traceback" not in done.stderr, done.stderr
    return Done(done.returncode, done.stdout, done.stderr)


def evalkit(*arguments, cwd=None):
    """The command in this process: the same entry point and exit code, and an error that is no sentence is raised."""
    said, told = StringIO(), StringIO()
    with ExitStack() as stack:
        stack.enter_context(patch.object(sys, "argv", ["evalkit", *map(str, arguments)]))
        stack.enter_context(redirect_stdout(said))
        stack.enter_context(redirect_stderr(told))
        if cwd is not None:
            stack.enter_context(chdir(cwd))
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
        else:
            code = 0
    return Done(int(code), said.getvalue(), told.getvalue())
