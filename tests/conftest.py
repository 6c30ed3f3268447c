"""Fixtures that any test may use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from hypothesis import HealthCheck, settings
from internet.proxy import Authority, RunningInternet, serve

from auditor.demo.internet import World

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture(autouse=True, scope="session")
def nobodys_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test reads or fills the cache of whoever runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Certificates for the run."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def internet(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[World], RunningInternet]]:
    """Serve worlds under the real hostnames: `internet(world)` gives `.env`, `.seen` and `.replica`; for subprocesses."""
    with ExitStack() as stack:
        yield lambda world: stack.enter_context(serve(world, authority, tmp_path_factory.mktemp("home")))


@pytest.fixture
def internet_here(internet: Callable[[World], RunningInternet], monkeypatch: pytest.MonkeyPatch) -> Callable[[World], RunningInternet]:
    """Do the same, and lead this process there."""

    def serve_here(world: World) -> RunningInternet:
        running = internet(world)
        for name, value in running.env.items():
            if value:
                monkeypatch.setenv(name, value)
            else:
                monkeypatch.delenv(name, raising=False)
        return running

    return serve_here
