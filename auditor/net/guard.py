"""Which addresses may be visited: public ones only, since the addresses come from strangers' documents."""

from __future__ import annotations

import ipaddress
import re

from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

from auditor.errors import NetworkError
from auditor.facts import State

# The TLS certificate proves them and their DNS is not in the hands of whoever wrote the README, so an unusual address
# (a mirror, a proxy without a proxy variable) is the machine owner's doing.
KNOWN_HOSTS = frozenset(
    {
        *("github.com", "api.github.com", "codeload.github.com", "raw.githubusercontent.com", "media.githubusercontent.com"),
        *("objects.githubusercontent.com", "release-assets.githubusercontent.com", "user-images.githubusercontent.com"),
        *("drive.google.com", "docs.google.com", "drive.usercontent.google.com", "accounts.google.com"),
        *("huggingface.co", "cdn-lfs.huggingface.co", "cdn-lfs.hf.co", "zenodo.org", "figshare.com", "arxiv.org"),
    }
)
KNOWN_SUFFIXES = (".googleusercontent.com", ".hf.co")

AZURE_PLATFORM = ipaddress.ip_address("168.63.129.16")  # answers inside every Azure machine, although it looks public
NAT64 = ipaddress.ip_network("64:ff9b::/96")
LOCAL_NAMES = re.compile(r"(^|\.)(localhost|local|internal|intranet|lan|home|corp|home\.arpa|localdomain)$")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Guard:
    """Refuses addresses that are not on the public Internet, unless they were allowed by name."""

    def __init__(self, allowed: frozenset[str]) -> None:
        self._allowed = frozenset(place.lower() for place in allowed)

    def check_url(self, url: str) -> str:
        """Return the host of an address that may be visited, as the HTTP library reads it; nothing is resolved.

        Raises `NetworkError` with status `blocked` for another scheme than http and https, and for a literal address in
        any spelling, or a name, that leads to this machine or this network.
        """
        place = _parsed(url)
        host = (place.host or "").strip("[]").rstrip(".").lower()
        if place.scheme not in ("http", "https") or not host:
            raise blocked(url, "only http and https addresses with a host are visited")
        if self._is_allowed(host, place.port):
            return host
        literal = address_of(host)
        if literal is not None and not is_public(literal):
            raise blocked(url, f"{literal} is not on the public Internet")
        if literal is None and ("." not in host or LOCAL_NAMES.search(host)):
            raise blocked(url, f"{host!r} is a name of this machine or this network")
        return host

    def check_resolved(self, scheme: str, host: str, port: int | None, addresses: list[str]) -> None:
        """Raise `NetworkError` with status `blocked` where a name led to an address that is not public."""
        host = host.strip("[]").rstrip(".").lower()
        if self._is_allowed(host, port) or (scheme == "https" and is_known(host)):
            return
        for text in addresses:
            address = address_of(text.split("%")[0])
            if address is None or not is_public(address):
                raise blocked(f"{scheme}://{host}", f"its name leads to {text}, which is not on the public Internet")

    def _is_allowed(self, host: str, port: int | None) -> bool:
        return host in self._allowed or f"{host}:{port}" in self._allowed


def is_known(host: str) -> bool:
    """Tell whether this is a host that the auditor itself knows by name."""
    return host in KNOWN_HOSTS or host.endswith(KNOWN_SUFFIXES)


def address_of(host: str) -> Address | None:
    """Return the address that a host spells out, in every way that `inet_aton` and IPv6 allow, or None for a name."""
    try:
        return ipaddress.ip_address(host.split("%")[0])
    except ValueError:
        pass
    parts = host.split(".")
    if not 1 <= len(parts) <= 4:
        return None
    numbers = [_number(part) for part in parts]
    if any(number is None for number in numbers):
        return None
    *leading, last = (number for number in numbers if number is not None)
    value = sum(number << (24 - 8 * place) for place, number in enumerate(leading))
    # What does not fit wraps in some libraries and fails in others: an address either way, and never a name.
    return ipaddress.IPv4Address((value + last) & 0xFFFFFFFF)


def is_public(address: Address) -> bool:
    """Tell whether an address, and any IPv4 address that it carries inside, is on the public Internet."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        if address in NAT64 or int(address) >> 32 == 0:
            inner.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if address.ipv4_mapped or address in NAT64:
            return all(is_public(carried) for carried in inner if carried is not None)
        if not all(is_public(carried) for carried in inner if carried is not None):
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved and address != AZURE_PLATFORM


def blocked(url: str, why: str) -> NetworkError:
    """Return the refusal to go somewhere."""
    help = "an address inside this network has to be allowed by name"
    return NetworkError(f"refused to visit {url[:300]}", why, help, status="blocked", state=State.BLOCKED)


def _parsed(url: str) -> Url:
    try:
        return parse_url(url)
    except (LocationParseError, ValueError) as error:
        raise blocked(url, f"not an address: {error}") from error


def _number(text: str) -> int | None:
    """Read one part of an IPv4 address as C does: 0x is hexadecimal, a leading 0 octal."""
    if re.fullmatch(r"0[xX][0-9a-fA-F]*", text):
        return int(text[2:] or "0", 16)
    if re.fullmatch(r"0[0-7]*", text):
        return int(text, 8)
    return int(text) if re.fullmatch(r"[0-9]{1,20}", text) else None
