"""The app as a server of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

from evalkit.core.bundled import bundled


class MortalServer:
    """The app on one port, killed and started again over one store.

    Args:
        folder: where it runs and keeps its store.
        environment: further variables.
    """

    def __init__(self, folder, **environment):
        self.port = free_port()
        self.folder, self.url, self.environment = folder, f"http://127.0.0.1:{self.port}", environment

    def start(self):
        script = str(bundled("apps") / "streamlit_app.py")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", script, f"--server.port={self.port}", "--server.headless=true"],
            env=os.environ | {"EVALKIT_HOME": str(self.folder)} | self.environment,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for(f"{self.url}/_stcore/health", self.process)

    def kill(self):
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def wait_for(url, process):
    for _ in range(300):
        assert process.poll() is None, "the server ended"
        try:
            with urllib.request.urlopen(url):  # noqa: S310 - our own server
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server did not answer")
