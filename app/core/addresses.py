"""Where we may send to: no inner address is reached because a partner's name leads there."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_LONGEST_HOST = 253
_PORTS = {"https": 443, "http": 80}

# IPv6 networks that carry an IPv4 address within, and how far from the right it stands.
_CARRIERS = (
    (ipaddress.ip_network("64:ff9b::/96"), 0),
    (ipaddress.ip_network("2002::/16"), 80),
    (ipaddress.ip_network("::/96"), 0),
)
_NEVER_GLOBAL = (
    ipaddress.ip_network("64:ff9b:1::/48"),  # translation within one's own network
    ipaddress.ip_network("2001::/32"),  # Teredo: its address within is written inverted
    ipaddress.ip_network("fec0::/10"),  # site-local, long deprecated, still routed by some
)
# Where clouds tell a machine its own secrets: refused even where inner addresses are allowed.
_METADATA = (
    ipaddress.ip_network("169.254.0.0/16"),
    ipaddress.ip_network("fe80::/10"),
    ipaddress.ip_network("fd00:ec2::254/128"),
    ipaddress.ip_network("100.100.100.200/32"),
    ipaddress.ip_network("192.0.0.192/32"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An URL in its parts; `host` is a name, or an address without brackets."""

    scheme: str
    host: str
    port: int
    path: str


def target_of(url: str) -> Target:
    """Take an URL apart. Raises ValueError with a sentence where it names no server to send to."""
    if url != url.strip() or any(ord(sign) <= ord(" ") or ord(sign) > ord("~") for sign in url):
        raise ValueError("expected an URL of plain ASCII without blanks")
    parts = urlsplit(url)
    if parts.scheme not in _PORTS:
        raise ValueError("expected an URL that begins with https://")
    if "@" in parts.netloc or "\\" in url:
        raise ValueError("expected an URL without a user and without backslashes")
    if parts.fragment:
        raise ValueError("expected an URL without a fragment")
    host = parts.hostname or ""
    if not host or len(host) > _LONGEST_HOST or "%" in host:
        raise ValueError("expected the name of a host")
    port = parts.port  # raises ValueError beyond 65535
    if port == 0:
        raise ValueError("expected a port from 1 to 65535")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(scheme=parts.scheme, host=host, port=port or _PORTS[parts.scheme], path=path)


def url_problem(url: str, inner: bool) -> str:
    """What is wrong with a partner's URL, or nothing; where its name leads is asked later."""
    try:
        target = target_of(url)
    except ValueError as error:
        return str(error)
    literal = _literal(target.host)
    if target.scheme == "http" and not (inner and _is_loopback(target.host, literal)):
        return "expected https; http goes to loopback alone, with inner = true"
    return refusal(str(literal), inner) if literal else ""


def refusal(address: str, inner: bool) -> str:
    """Why we do not connect to this address, or nothing. `inner` allows one's own network."""
    found = _literal(address)
    if found is None:
        return f"{address} is no address"
    carried = _carried(found)
    if any(_in(one, _METADATA) for one in carried):
        return f"{address} is link-local or a cloud's own service"
    if any(one.is_multicast or one.is_unspecified for one in carried):
        return f"{address} is nobody's address"
    if inner:
        return ""
    if all(one.is_global for one in carried) and not _in(found, _NEVER_GLOBAL):
        return ""
    return f"{address} is an inner address, allowed only with inner = true"


def pinned(addresses: Sequence[str], inner: bool) -> str:
    """The address to connect to. Raises ValueError where any of them is refused.

    A name that leads to a good and to an inner address at once is an attack, not a choice.
    """
    if not addresses:
        raise ValueError("the host has no address")
    for address in addresses:
        if why := refusal(address, inner):
            raise ValueError(why)
    return addresses[0]


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_loopback(host: str, literal: Address | None) -> bool:
    return host == "localhost" or (literal is not None and literal.is_loopback)


def _carried(address: Address) -> list[Address]:
    """The address itself and the IPv4 address that it stands for, if it stands for one."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    for network, shift in _CARRIERS:
        if address in network and int(address) > 1:  # ::1 carries nothing
            return [ipaddress.IPv4Address((int(address) >> shift) & 0xFFFFFFFF)]
    return [address]


def _in(
    address: Address, networks: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]
) -> bool:
    return any(address.version == n.version and address in n for n in networks)
