"""A real browser and a Jupyter server, on this machine alone, and the pictures of what they show."""

import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from grading.course import REPOSITORY

SCREENSHOTS = REPOSITORY / "build/screenshots"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
in_chromium = pytest.mark.skipif(
    not CHROMIUM, reason="no Chromium here; on Debian and Ubuntu: sudo apt install chromium"
)


@contextmanager
def serving(application, home, files, *options):
    """Run a Jupyter server that keeps its settings and caches in `home`; give its address and token once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    places = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR", "MPLCONFIGDIR")
    folders = dict(zip(places, ("config", "data", "runtime", "ipython", "matplotlib"), strict=True))
    environment = os.environ | {"HOME": str(home)} | {name: str(home / folder) for name, folder in folders.items()}
    # nbgrader calls alembic by name.
    environment["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    command = [sys.executable, "-m", application, "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"]
    command += ["--ServerApp.port_retries=0", f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={files}"]
    with (home / "server.log").open("w") as log:
        server = subprocess.Popen([*command, *options], cwd=home, env=environment, stdout=log, stderr=log)
        try:
            address = f"http://127.0.0.1:{port}"
            for _ in range(300):
                assert server.poll() is None, (home / "server.log").read_text()
                try:
                    urllib.request.urlopen(f"{address}/api?token={token}", timeout=2)
                    break
                except (urllib.error.URLError, ConnectionError):
                    time.sleep(0.2)
            yield address, token
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()


@contextmanager
def chromium_page(profile):
    """Give a page of a fresh Chromium that keeps a list of everything that went wrong in it: `problems`."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=CHROMIUM,
            headless=True,
            args=FLAGS,
            viewport={"width": 1300, "height": 1000},
        )
        page = context.pages[0]
        page.set_default_timeout(60_000)
        page.problems = []
        note = page.problems.append
        page.on("console", lambda message: note(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: note(str(error)))
        page.on(
            "response", lambda response: note(f"{response.status} {response.url}") if response.status >= 400 else None
        )
        page.on("request", lambda request: note(f"left: {request.url}") if leaves(request.url) else None)
        yield page
        context.close()


def leaves(address):
    return re.match(r"(http|ws)s?://(?!127\.0\.0\.1[:/])", address) is not None


def violations(page, include="html", exclude=()):
    """Return (impact, sentence) for what axe-core finds wrong under a selector, but for what others exclude."""
    import axe_playwright_python

    page.evaluate((Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8"))
    context = {"include": [[include]], "exclude": list(exclude)}
    # Without a copy of the styles: a page on the disk could not load them again.
    found = page.evaluate("async context => (await axe.run(context, {preload: false})).violations", context)
    return [(each["impact"], f"{each['id']}: {node['html'][:120]}") for each in found for node in each["nodes"]]


def screenshot(page, name):
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")
