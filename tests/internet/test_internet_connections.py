"""Connections are used again, redirects included: what a new one takes is paid once for each server."""

from __future__ import annotations

from auditor.demo.internet import Page, World
from auditor.net import Network


def test_a_redirect_does_not_cost_its_connection(internet_here):
    pages = {f"https://a.example.org/{n}": Page(b"Found. " * n, status=302, location=f"https://b.example.org/{n}") for n in range(6)}
    pages |= {f"https://b.example.org/{n}": Page(b"x") for n in range(6)}
    running = internet_here(World(pages=pages))
    network = Network()
    assert [network.get(f"https://a.example.org/{n}").body for n in range(6)] == [b"x"] * 6
    network.close()
    assert running.load.connections == {"a.example.org": 1, "b.example.org": 1}
