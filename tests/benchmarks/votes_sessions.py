"""Twenty raters at once in front of the real app: in a real browser, and as bare sessions that cost no browser's time."""

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from evalkit.core.bundled import bundled
from tests.apps.rating import votes
from tests.benchmarks.votes_trials import study_of

RATERS, VOTES, THINKING = 20, 30, 2.0
KEYS = ("1", "2", "0", "9")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
Rate = Callable[[str, list[str]], Awaitable[list[float]]]

# From the press of a key until both texts of another question stand in the page.
WATCH = """() => {
  const texts = () => [...document.querySelectorAll('[data-testid=stColumn] [data-testid=stText]')].map(e => e.innerText);
  const before = new Set(texts());
  window.next = new Promise(seen => {
    let pressed = null;
    document.addEventListener('keydown', () => { pressed = performance.now(); }, {capture: true, once: true});
    const observer = new MutationObserver(() => {
      const now = texts();
      if (pressed !== null && now.length === 2 && now.every(text => text && !before.has(text))) {
        observer.disconnect();
        seen(performance.now() - pressed);
      }
    });
    observer.observe(document.body, {childList: true, subtree: true, characterData: true});
  });
}"""


def sessions(rate: Rate) -> dict[str, Any]:
    """Milliseconds from an answer to the next question, votes lost, and what server and raters cost."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/studies.sqlite"
        tokens = study_of(url, name="letters", items=VOTES + 2, raters=RATERS, votes_per_question=RATERS)
        with app(Path(folder)) as (address, server):
            load = os.getloadavg()[0]
            asyncio.run(
                rate(address, study_of(url, name="first", items=VOTES + 2, raters=1))
            )  # imports, and the cache of the pages
            before = _cpu_seconds(server)
            times = asyncio.run(rate(address, tokens))
            cpu, memory = _cpu_seconds(server) - before, _memory(server)
        stored = votes(url, "letters")
    return {
        "n": len(times),
        "p50": float(np.quantile(times, 0.5)),
        "p95": float(np.quantile(times, 0.95)),
        "lost": len(times) - stored["assignment"].nunique(),
        "doubled": len(stored) - stored["assignment"].nunique(),
        "server_milliseconds": 1000 * cpu / len(times),
        "memory": memory,
        "load": load,
    }


async def in_a_browser(address: str, tokens: list[str]) -> list[float]:
    """Every rater a window of a real browser, with its own storage, answering by keyboard."""
    from playwright.async_api import async_playwright

    path = os.environ.get("EVALKIT_CHROMIUM") or ("/usr/bin/chromium" if Path("/usr/bin/chromium").exists() else None)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        pages = []
        for token in tokens:
            page = await (await browser.new_context(viewport={"width": 1280, "height": 800})).new_page()
            await page.goto(f"{address}/rate?r={token}")
            await page.get_by_text("0 of about").wait_for(timeout=60_000)
            pages.append(page)
        found = await asyncio.gather(*(_press(page, i) for i, page in enumerate(pages)))
        await browser.close()
    return [one for times in found for one in times]


async def _press(page: Any, seed: int) -> list[float]:
    chance, times = random.Random(seed), []
    await asyncio.sleep(chance.random() * THINKING)
    for _ in range(VOTES):
        await asyncio.sleep(THINKING)
        await page.evaluate(WATCH)
        await page.keyboard.press(chance.choice(KEYS))
        times.append(await page.evaluate("() => window.next"))
    return times


async def as_bare_sessions(address: str, tokens: list[str]) -> list[float]:
    """Every rater a connection that speaks the app's protocol: the server does the same, and no browser shares its cores."""
    found = await asyncio.gather(*(_talk(address, token, i) for i, token in enumerate(tokens)))
    return [one for times in found for one in times]


async def _talk(address: str, token: str, seed: int) -> list[float]:
    from streamlit.proto.BackMsg_pb2 import BackMsg
    from websockets.asyncio.client import connect

    chance, times = random.Random(seed), []
    async with connect(f"{address.replace('http', 'ws')}/_stcore/stream", subprotocols=["streamlit"], max_size=None) as socket_:
        begin = BackMsg()
        begin.rerun_script.query_string, begin.rerun_script.page_name = f"r={token}", "rate"
        await socket_.send(begin.SerializeToString())
        page, buttons, _ = await _run(socket_)
        await asyncio.sleep(chance.random() * THINKING)
        for _ in range(VOTES):
            await asyncio.sleep(THINKING)
            answer = BackMsg()
            answer.rerun_script.query_string, answer.rerun_script.page_script_hash = f"r={token}", page
            pressed = answer.rerun_script.widget_states.widgets.add()
            pressed.id, pressed.trigger_value = chance.choice(buttons), True
            started = time.perf_counter()
            await socket_.send(answer.SerializeToString())
            page, buttons, shown = await _run(socket_)
            times.append(1000 * (shown - started))
    return times


async def _run(socket_: Any) -> tuple[str, list[str], float]:
    """One run of the page: its hash, its answers' buttons, and when the last text of the question came."""
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

    page, buttons, shown = "", list[str](), 0.0
    while True:
        told = ForwardMsg.FromString(await socket_.recv())
        kind = told.WhichOneof("type")
        if kind == "new_session":
            page, buttons = told.new_session.page_script_hash, []
        elif kind == "delta" and told.delta.WhichOneof("type") == "new_element":
            element = told.delta.new_element
            shown = time.perf_counter() if element.WhichOneof("type") == "text" else shown
            if element.WhichOneof("type") == "button" and "answer-" in element.button.id:
                buttons.append(element.button.id)
        elif kind == "script_finished" and buttons:
            return page, buttons, shown


@contextmanager
def app(folder: Path) -> Iterator[tuple[str, int]]:
    """The app over a store in a folder: its address and its process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    script = str(bundled("apps") / "streamlit_app.py")
    command = [sys.executable, "-m", "streamlit", "run", script, f"--server.port={port}", "--server.headless=true"]
    with (folder / "app.log").open("wb") as log:
        process = subprocess.Popen(
            command, env=os.environ | {"EVALKIT_HOME": str(folder)}, cwd=folder, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        _wait(f"http://127.0.0.1:{port}/_stcore/health")
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def _wait(url: str) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(url).close()  # noqa: S310 our own server
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int) -> float:
    """MiB that a process holds."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(status["VmRSS"].split()[0]) / 1024
