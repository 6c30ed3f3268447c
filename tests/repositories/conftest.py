from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _no_token(monkeypatch) -> None:
    for name in ("GITHUB_TOKEN", "GH_TOKEN", "GITHUB_API_URL"):
        monkeypatch.delenv(name, raising=False)
