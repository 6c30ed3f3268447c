"""The demo's world holds together: every link leads somewhere, and what is missing is missing on purpose."""

from __future__ import annotations

import re
import struct
import subprocess
import sys
import zlib

import requests

from auditor.demo.internet import DriveFile, every_drive_entry
from auditor.demo.world import DEMO_TARGET, MODELS_FOLDER, demo_transport, demo_world


def session() -> requests.Session:
    made = requests.Session()
    made.trust_env = False
    made.mount("https://", demo_transport())
    return made


def readme() -> str:
    return session().get(f"https://raw.githubusercontent.com/{DEMO_TARGET}/main/README.md").text


def test_every_link_of_the_readme_leads_somewhere():
    client, links = session(), re.findall(r"\]\((https://[^)]+)\)", readme())
    assert len(links) >= 8
    for link in links:
        assert client.get(link).status_code == 200, link


def test_every_picture_is_a_picture():
    client = session()
    for path in re.findall(r'<img src="([^"]+)"', readme()):
        data = client.get(f"https://raw.githubusercontent.com/{DEMO_TARGET}/main/{path}").content
        assert data.startswith(b"\x89PNG")
        width, height = struct.unpack(">II", data[16:24])
        assert (width, zlib.crc32(data[12:29]) == struct.unpack(">I", data[29:33])[0]) == (900, True)
        assert 300 < height < 900
        assert len(data) < 40_000


def test_the_folder_holds_two_variants_and_a_stray_snapshot():
    files = {entry.name: entry for entry in every_drive_entry(demo_world().drive) if isinstance(entry, DriveFile)}
    sizes = {name: round(file.content.size / 2**20) for name, file in files.items() if name.endswith(".tar")}
    assert sizes == {"Wader_XS.tar": 41, "Wader_S.tar": 85, "snapshot_18.pth.tar": 390}
    assert MODELS_FOLDER in readme()
    assert all(len(entry.id) >= 25 for entry in every_drive_entry(demo_world().drive))


def test_the_same_world_every_time():
    first, second = (session().get(f"https://api.github.com/repos/{DEMO_TARGET}/commits/main").json()["sha"] for _ in range(2))
    assert first == second


def test_it_opens_no_socket(monkeypatch):
    import socket

    def refuse(*_args, **_kwargs):
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert "Wader" in readme()


def test_it_needs_nothing_heavy():
    code = "import sys, auditor.demo.world as w; w.demo_transport(); print([m for m in ('torch', 'PIL', 'trustme', 'numpy', 'github', 'gdown', 'bs4') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
