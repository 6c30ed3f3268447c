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

NOT_PUBLIC = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24"),
        *("192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3"),
        "168.63.129.16/32",  # answers inside every Azure machine, although it looks public
    )
)
"""IPv4 that is not the public Internet: IANA's registry of special-purpose addresses, multicast, and what is kept for later."""

GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")  # all that IANA has given out of IPv6
NOT_PUBLIC_6 = tuple(
    ipaddress.IPv6Network(text)
    for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3ffe::/16", "3fff::/20")  # protocols, documentation, 6to4, 6bone
)
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: the last four bytes are an IPv4 address, which a translator visits
LOCAL_NAMES = re.compile(
    r"(^|\.)(localhost|local|internal|intranet|lan|home|corp|private|home\.arpa|localdomain|svc|default|consul|docker|onion)$"
)
CARRIERS = re.compile(r"(^|\.)(nip\.io|sslip\.io|xip\.io|localtest\.me|lvh\.me|vcap\.me|lacolhost\.com|traefik\.me|backname\.io)$")
"""Services whose names lead to whatever address is spelled in them, or to this machine: behind a proxy nothing else would tell."""

DEFAULT_PORTS = {"http": 80, "https": 443}

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
        if self._is_allowed(host, place.port or DEFAULT_PORTS[place.scheme]):
            return host
        literal = address_of(host)
        if literal is not None and not is_public(literal):
            raise blocked(url, f"{literal} is not on the public Internet")
        if literal is None and ("." not in host or LOCAL_NAMES.search(host) or CARRIERS.search(host)):
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
        return host in self._allowed or (port is not None and f"{host}:{port}" in self._allowed)


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
    """Tell whether an address is on the public Internet, and nothing that translates it leads elsewhere.

    IPv6 that carries an IPv4 address inside (mapped, NAT64) is what that address is; 6to4, Teredo and ISATAP, which would
    tunnel to it, are refused, and so is all that IANA has not given out.
    """
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in NOT_PUBLIC)
    inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address.ipv4_mapped or address in NAT64:
        return is_public(inner)
    is_isatap = int(address) >> 32 & 0xFDFFFFFF == 0x5EFE  # RFC 5214, section 6.1
    return address in GLOBAL_UNICAST and not is_isatap and not any(address in network for network in NOT_PUBLIC_6)


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
