"""Whether a proposed link stands in a document of the repository, whole, and leads to a host on the web that was not looked at yet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from auditor.addresses import locate
from auditor.agent.proposals import LinkProposal
from auditor.agent.verify_places import Spot, spots_of
from auditor.facts import Evidence, Facts, Link, Outline

EDGE = r"[\s<>\"'`()\[\]{}|]"


def verified_link(proposal: LinkProposal, outlines: Sequence[Outline], facts: Facts) -> Link | str:
    """Return the link, or the reason why it is none. Its id is that of the same link of the documents, else empty."""
    url = proposal.url.strip()
    problem = _address_problem(url)
    if problem:
        return problem
    if followed(url, facts):
        return "This link was followed already; its files stand among the artifacts."
    spots = spots_of(proposal.place, [o for o in outlines if o.document.role != "paper"])
    if isinstance(spots, str):
        spots_or_raw = _raw_spot(proposal, outlines)
        if spots_or_raw is None:
            return spots
        spots = (spots_or_raw,)
    for spot in spots:
        line = _line_of(url, spot)
        if line is not None:
            return _made(url, spot, line, facts)
    return "The address does not stand at that place, letter for letter; only links that the repository's documents give are followed."


def _address_problem(url: str) -> str:
    """Return why an address is not one to follow, "" where it is: http or https, a plain host name, nobody's password."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "This is no address."
    if parts.scheme not in ("http", "https"):
        return "Only http and https addresses are followed."
    if (
        not re.fullmatch(r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}", host)
        or port is not None
        or "@" in parts.netloc
    ):
        return "The host of the address is no plain public name."
    if re.search(r"[\s<>\"'`\\^{}|\x00-\x20\x7f-\uffff]", url) or len(url) > 2000:
        return "The address holds characters that no plain address has."
    return ""


def followed(url: str, facts: Facts) -> bool:
    """Tell whether an address was listed or read already."""
    key = _key(url)
    links = {link.id for link in facts.links if _key(link.url) == key}
    if any(link.purpose == "checkpoint" and link.id in links for link in facts.links):
        return True
    return any(_key(s.url) == key and s.kind in ("listing", "file") for s in facts.sources) or any(a.link in links for a in facts.artifacts)


def _key(url: str) -> str:
    return url.strip().rstrip("/").removeprefix("https://").removeprefix("http://").removeprefix("www.")


def _raw_spot(proposal: LinkProposal, outlines: Sequence[Outline]) -> Spot | None:
    """Return the quoted lines where the quote is a piece of the line as it is written, markup and all."""
    place = proposal.place
    for outline in outlines:
        if outline.document.path != place.document or place.line is None or outline.document.role == "paper":
            continue
        lines = re.split(r"\r\n?|\n", outline.document.text)
        quote = place.quote.strip()
        if place.line <= len(lines) and "\n" not in quote and _whole(quote, lines[place.line - 1]):
            return Spot(outline, place.line, place.line, ())
    return None


def _line_of(url: str, spot: Spot) -> int | None:
    """Return the quoted line on which the address stands whole."""
    lines = re.split(r"\r\n?|\n", spot.outline.document.text)
    for number in range(spot.first, min(spot.last, len(lines)) + 1):
        if any(link.url == url and link.line == number for link in spot.outline.links) or _whole(url, lines[number - 1]):
            return number
    return None


def _whole(text: str, line: str) -> bool:
    """Tell whether a text stands in a line between spaces, brackets or quotes, or before a mark that ends a sentence."""
    return bool(re.search(rf"(?:^|{EDGE}){re.escape(text)}(?:$|{EDGE}|[.,;:](?:\s|$))", line))


def _made(url: str, spot: Spot, line: int, facts: Facts) -> Link:
    """Return the link: the one that the rules found and left, now to be followed, or one of a place that they do not read."""
    document = spot.outline.document
    text = re.split(r"\r\n?|\n", document.text)[line - 1].strip()
    quote = text if len(text) <= 300 else url
    evidence = Evidence(document.source, f"{document.path}#L{line}", quote, document.sha256, "documents")
    known = next((link for link in facts.links if link.url == url), None)
    reason = "a language model pointed at it"
    if known is not None:
        return replace(known, purpose="checkpoint", reason=reason, found_by="agent", evidence=evidence, line=line)
    address = locate(url)
    return Link("", url, address.host, address.target, "checkpoint", url, evidence, line=line, owner="own", reason=reason, found_by="agent")
