"""A web server that shows its directories: `World(pages=WebServer({"v1/m.pth": ...}, kind="nginx").pages)`.

In the shapes of Apache's mod_autoindex (table and plain list), nginx's autoindex, lighttpd's mod_dirlisting and Python's
http.server.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from urllib.parse import quote

from auditor.demo.internet import Content, Page
from internet.shapes import BYTES, size

KINDS = ("apache", "apache-list", "nginx", "lighttpd", "python")


@dataclass(frozen=True)
class WebServer:
    """Files below one directory of a server."""

    files: Mapping[str, Content] = field(default_factory=dict)
    kind: str = "apache"
    root: str = "https://files.example.edu/pub/models/"
    footer: str = ""  # markup after the list
    readme: str = ""  # markup before the list

    @property
    def url(self) -> str:
        """Return the address that people copy."""
        return self.root

    @property
    def pages(self) -> dict[str, Page]:
        """Return every address of the server with its answer."""
        made = {self.root + quote(path): Page(self.index(path).encode()) for path in self.folders()}
        return made | {self.root + quote(path): Page(content, BYTES) for path, content in self.files.items()}

    def folders(self) -> set[str]:
        """Return every folder, with a slash at its end; the first is empty."""
        return {""} | {path[: place + 1] for path in self.files for place, letter in enumerate(path) if letter == "/"}

    def index(self, folder: str) -> str:
        """Return the page of a folder."""
        path = "/" + self.root.split("/", 3)[3] + folder
        rows = list(self._children(folder))
        return {
            "apache": self._apache,
            "apache-list": self._apache_list,
            "nginx": self._nginx,
            "lighttpd": self._lighttpd,
            "python": self._python,
        }[self.kind](path, rows)

    def _children(self, folder: str) -> Iterator[tuple[str, int | None]]:
        here = {path[len(folder) :] for path in self.files if path.startswith(folder)}
        for name in sorted({rest.split("/")[0] + "/" for rest in here if "/" in rest}):
            yield name, None
        for name in sorted(rest for rest in here if "/" not in rest):
            yield name, size(self.files[folder + name])

    def _apache(self, path: str, rows: list[tuple[str, int | None]]) -> str:
        cells = "".join(
            f'<tr><td valign="top"><img src="/icons/unknown.gif" alt="[   ]"></td><td><a href="{quote(name)}">{escape(name[:22])}</a></td>'
            f'<td align="right">2024-05-01 12:00  </td><td align="right">{rounded(length)}</td><td>&nbsp;</td></tr>\n'
            for name, length in rows
        )
        sort = (
            '<tr><th><a href="?C=N;O=D">Name</a></th><th><a href="?C=M;O=A">Last modified</a></th><th><a href="?C=S;O=A">Size</a></th></tr>'
        )
        up = '<tr><td><img src="/icons/back.gif" alt="[PARENTDIR]"></td><td><a href="/pub/">Parent Directory</a></td><td>&nbsp;</td></tr>'
        return (
            '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">\n<html>\n <head>\n'
            f"  <title>Index of {escape(path.rstrip('/'))}</title>\n </head>\n <body>\n{self.readme}<h1>Index of {escape(path.rstrip('/'))}</h1>\n"
            f"<table>{sort}{up}{cells}</table>\n<address>Apache/2.4.57 Server at files.example.edu</address>{self.footer}\n</body></html>\n"
        )

    def _apache_list(self, path: str, rows: list[tuple[str, int | None]]) -> str:
        items = "".join(f'<li><a href="{quote(name)}"> {escape(name)}</a></li>\n' for name, _ in rows)
        title = f"Index of {escape(path.rstrip('/'))}"
        return (
            f"<html><head><title>{title}</title></head><body><h1>{title}</h1><ul>"
            f'<li><a href="/pub/"> Parent Directory</a></li>{items}</ul></body></html>'
        )

    def _nginx(self, path: str, rows: list[tuple[str, int | None]]) -> str:
        lines = "".join(
            f'<a href="{quote(name)}">{escape(name)}</a>{" " * 20}01-May-2024 12:00 {"-" if length is None else length:>19}\n'
            for name, length in rows
        )
        return (
            f"<html>\r\n<head><title>Index of {escape(path)}</title></head>\r\n<body>\r\n<h1>Index of {escape(path)}</h1><hr><pre>"
            f'<a href="../">../</a>\n{lines}</pre><hr>{self.footer}</body>\r\n</html>\r\n'
        )

    def _lighttpd(self, path: str, rows: list[tuple[str, int | None]]) -> str:
        cells = "".join(
            f'<tr><td class="n"><a href="{quote(name)}">{escape(name.rstrip("/"))}</a>{"/" if length is None else ""}</td>'
            f'<td class="m">2024-May-01 12:00:00</td><td class="s">{rounded(length)}</td><td class="t">x</td></tr>\n'
            for name, length in rows
        )
        return (
            f'<?xml version="1.0"?>\n<!DOCTYPE html>\n<html><head>\n<title>Index of {escape(path)}</title></head>\n<body>\n'
            f'<h2>Index of {escape(path)}</h2>\n<div class="list"><table><tbody>\n<tr><td><a href="../">..</a>/</td></tr>{cells}'
            '</tbody></table></div>\n<div class="foot">lighttpd/1.4.69</div>\n</body>\n</html>\n'
        )

    def _python(self, path: str, rows: list[tuple[str, int | None]]) -> str:
        items = "".join(f'<li><a href="{quote(name)}">{escape(name)}</a></li>\n' for name, _ in rows)
        title = f"Directory listing for {escape(path)}"
        return (
            f'<!DOCTYPE HTML>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n</head>\n<body>\n<h1>{title}</h1>\n'
            f"<hr>\n<ul>\n{items}</ul>\n<hr>\n</body>\n</html>\n"
        )


def rounded(length: int | None) -> str:
    """Return a size as Apache writes it."""
    if length is None:
        return "  - "
    if length < 1000:
        return f"{length} "
    return f"{length / 1024:.1f}K" if length < 1024 * 1000 else f"{length / (1 << 20):.0f}M"
