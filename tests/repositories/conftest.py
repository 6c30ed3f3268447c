from __future__ import annotations

import pytest

from auditor import github_api


@pytest.fixture(autouse=True)
def _no_token(monkeypatch) -> None:
    monkeypatch.setattr(github_api, "RETRY_PAUSE_SECONDS", 0)
    for name in ("GITHUB_TOKEN", "GH_TOKEN", "GITHUB_API_URL"):
        monkeypatch.delenv(name, raising=False)
