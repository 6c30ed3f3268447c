"""The drafted issue as a person sees it before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from auditor.escaping import printable

if TYPE_CHECKING:
    from rich.console import RenderableType


def issue_preview(
    full_name: str,
    title: str,
    body: str,
    browser_url: str,
    objections: Sequence[tuple[str, str]],
    similar: Iterable[tuple[int, str, str, str, str]],
    unasked: str = "",
) -> RenderableType:
    """Return the draft with what stands for and against sending it.

    `objections` are (why it would be refused, what to do); `similar` are (number, state, title, url, why it is similar);
    `unasked` says why the repository's issues could not be asked for, "" where they were.
    """
    from rich.console import Group
    from rich.rule import Rule
    from rich.text import Text

    parts: list[RenderableType] = [Text(f"To {printable(full_name)}: {printable(title)}", style="bold"), Rule()]
    parts += [Text(printable(line)) for line in body.splitlines()]
    parts.append(Rule())
    for why, help in objections:
        parts.append(Text(f"It would not be sent: {printable(why)}" + (f" ({printable(help)})" if help else ""), style="yellow"))
    threads = list(similar)
    if unasked:
        parts.append(Text(f"Similar issues could not be looked for: {printable(unasked)}", style="yellow"))
    elif not threads:
        parts.append(Text("No similar issue, open or closed, was found."))
    for number, state, name, url, why in threads:
        parts.append(Text(f"Similar, {state}: #{number} {printable(name)} ({printable(why)})", style="yellow"))
        parts.append(Text(f"  {printable(url)}", no_wrap=True, overflow="ignore"))
    parts.append(Text("Open this address to send it yourself (no token needed):"))
    parts.append(Text(browser_url, no_wrap=True, overflow="ignore"))
    return Group(*parts)
