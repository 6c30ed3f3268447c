"""The requests session that everything shares: environment for proxies and certificates, never for passwords."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter

from auditor import __version__
from auditor.net.failures import explain

USER_AGENT = f"auditor/{__version__} (reads the headers of published checkpoints)"


class GuardedSession(requests.Session):
    """A session whose only way out is the given adapter, and which does not read ~/.netrc."""

    def __init__(self, adapter: BaseAdapter, max_redirects: int) -> None:
        super().__init__()
        self.headers["User-Agent"] = USER_AGENT
        self.max_redirects = max_redirects
        # A session with any `auth` asks no .netrc; this one adds nothing.
        self.auth = _no_password
        self._environment: dict[tuple[Any, ...], dict[str, Any]] = {}
        self.adapters.clear()
        for scheme in ("https://", "http://"):
            self.mount(scheme, adapter)

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """Return a request as it is sent. Raises `NetworkError` for what is no address, as for all else that goes wrong."""
        try:
            return super().prepare_request(request)
        except (requests.RequestException, ValueError) as error:
            raise explain(error, str(request.url)[:300]) from error

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        """Take the Authorization off at a redirect to another host; requests would also look into .netrc."""
        headers, old = prepared_request.headers, response.request.url or ""
        if "Authorization" in headers and self.should_strip_auth(old, prepared_request.url or ""):  # type: ignore[no-untyped-call]
            del headers["Authorization"]

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        """Take proxies and the CA bundle from the environment; SSL_CERT_FILE counts too, which requests leaves out.

        The environment is read once for each server: to look through all of it takes as long as the rest of a request.
        """
        parts = urlsplit(str(url))
        asked = (parts.scheme, parts.netloc, stream, verify, cert)
        if proxies or asked not in self._environment:
            settings: dict[str, Any] = dict(super().merge_environment_settings(url, proxies or {}, stream, verify, cert))
            bundle = os.environ.get("SSL_CERT_FILE")
            if settings.get("verify") is True and bundle:
                settings["verify"] = bundle
            if proxies:
                return settings
            self._environment[asked] = settings
        return dict(self._environment[asked])


def _no_password(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
