"""What every test shares: a home of its own, no way out to the internet, and one driver for both colours."""

from __future__ import annotations

import importlib
import importlib.util
import ipaddress
import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from tests.driving import Driver

CI = os.environ.get("CI", "") not in ("", "0", "false")

hypothesis.settings.register_profile("quick", max_examples=60, deadline=None)
hypothesis.settings.register_profile(
    "ci", max_examples=2_000, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if CI else "quick"))

PRIVATE = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "STATEFLOW_STRICT")
"""Variables of the developer's that would change what a test does."""


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh STATEFLOW_HOME for each test."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("STATEFLOW_HOME", str(folder))
    for name in PRIVATE:
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture(autouse=True)
def _no_internet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse connections to anything but this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_local(address[0]):
            raise AssertionError(f"a test tried to connect to {address!r}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.fixture(params=["sync", "async"])
def driver(request: pytest.FixtureRequest) -> Iterator[Driver]:
    """The verbs of both colours: a behaviour test that takes it runs twice."""
    made = Driver(request.param)
    yield made
    made.close()


@pytest.fixture
def untraced() -> Iterator[None]:
    """Stop coverage while a test compares times."""
    trace = sys.gettrace()
    sys.settrace(None)
    yield
    sys.settrace(trace)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium; without one the test is skipped, in CI it fails."""
    return _program("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def dot() -> str:
    """The path of Graphviz's ``dot``; without it the test is skipped, in CI it fails."""
    return _program("dot")


def _program(*names: str) -> str:
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        (pytest.fail if CI else pytest.skip)(f"{names[0]} is not installed")
    return found


@pytest.fixture
def rival_shows() -> Callable[[str, str, str], None]:
    """Show a fault on a rival where it is installed: ``rival_shows("burr_03_stream_error", "outcome", fact)``.

    Without the extra ``bench`` nothing is shown, and the test has shown ours alone.
    """

    def shows(module: str, program: str, fact: str) -> None:
        rival = module.partition("_")[0]
        if importlib.util.find_spec(rival) is None:
            if CI:
                pytest.fail(f"{rival} is not installed, so its fault cannot be shown")
            return
        observe = getattr(importlib.import_module(f"benchmarks.faults.{module}"), program)
        assert observe() == fact

    return shows
