"""Where a webhook may be sent: which URLs are taken, and which addresses behind them may be connected to.

The check runs when an endpoint is saved and again at each sending, which then connects to the very address checked.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

URL_MAXIMUM = 2048
IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Lookup = Callable[[str, int], list[str]]
"""Host and port to the texts of its addresses; OSError when there are none."""

_HOST = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?", re.IGNORECASE)
_BRACKETED = re.compile(r"\[[0-9a-f:.]+\](?::[0-9]+)?", re.IGNORECASE)
_ENDS_IN_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?", re.IGNORECASE)

# Cloud metadata services that no other rule below catches: two in private ranges, one in a public one.
_METADATA = frozenset(
    ipaddress.ip_address(text) for text in ("fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "168.63.129.16")
)
_NEVER = tuple(
    ipaddress.ip_network(text)
    for text in ("0.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "224.0.0.0/4", "240.0.0.0/4", "::/96", "fe80::/10")
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_LOOPBACK_6 = ipaddress.IPv6Address("::1")


class TargetRefusedError(Exception):
    """A URL or address that webhooks are not sent to; its text says why."""


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart. `host` is lower case and without brackets; `path` includes the query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """The value of the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == {"http": 80, "https": 443}[self.scheme] else f"{host}:{self.port}"


def parse_target(url: str) -> Target:
    """Take a URL apart. TargetRefusedError for all but plain http(s) URLs whose host is a name or a usual address."""
    if len(url) > URL_MAXIMUM:
        raise TargetRefusedError(f"must have at most {URL_MAXIMUM} characters")
    if not url.isascii() or not url.isprintable() or any(character in url for character in ' \\"<>^`{|}'):
        raise TargetRefusedError("must be printable ASCII without blanks, quotes or backslashes; encode what is not")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise TargetRefusedError("must be an http or https URL with a valid host and port") from None
    if parts.scheme not in {"http", "https"} or not url[len(parts.scheme) :].startswith("://"):
        raise TargetRefusedError("must begin with http:// or https://")
    if "@" in parts.netloc:
        raise TargetRefusedError("must not carry a user name or password")
    if "#" in url:
        raise TargetRefusedError("must not have a fragment")
    host = parts.hostname or ""
    if port == 0 or parts.netloc.endswith(":"):
        raise TargetRefusedError("must have a port from 1 to 65535, or none")
    if "[" in parts.netloc:
        _check_brackets(parts.netloc, host)
    else:
        _check_host(host)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port or {"http": 80, "https": 443}[parts.scheme], path)


def check_listed(target: Target, listed: Sequence[str] | None) -> None:
    """TargetRefusedError unless the account's list of hosts and origins, if it has one, names this place."""
    if listed is not None and not any(_names(entry, target) for entry in listed):
        raise TargetRefusedError(f"{target.authority} is not among this account's webhook_targets")


def check_entry(entry: str) -> None:
    """TargetRefusedError unless such a list may hold this: a host, a host with its port, or an origin."""
    if parse_target(entry if "://" in entry else f"http://{entry}").path != "/" or entry.endswith(("/", "?")):
        raise TargetRefusedError("must be a host, a host with its port, or an origin")


def _names(entry: str, target: Target) -> bool:
    if "://" in entry:
        named = parse_target(entry)
        return (named.scheme, named.host, named.port) == (target.scheme, target.host, target.port)
    host, port = f"[{target.host}]" if ":" in target.host else target.host, target.port
    return entry in (host, f"{host}:{port}")


def look_up(target: Target, lookup: Lookup | None = None) -> list[str]:
    """All addresses behind the host, unchecked. OSError if there are none."""
    return list(dict.fromkeys((lookup or _system_lookup)(target.host, target.port)))


def checked_addresses(target: Target, *, allow_private: bool, lookup: Lookup | None = None) -> list[str]:
    """The addresses to connect to. TargetRefusedError if any of them is forbidden; OSError if there are none."""
    found = look_up(target, lookup)
    for text in found:
        check_address(text, allow_private=allow_private)
    return found


def check_address(text: str, *, allow_private: bool) -> None:
    """TargetRefusedError unless webhooks may go to this address, whichever way it is wrapped."""
    if "%" in text:
        raise TargetRefusedError(f"{text} is a link-local address")
    address = _innermost(ipaddress.ip_address(text))
    if address in _METADATA or address.is_multicast or _is_in_never(address):
        raise TargetRefusedError(f"{text} is a link-local, metadata, multicast or reserved address")
    if not allow_private and not address.is_global:
        raise TargetRefusedError(f"{text} is not a public address, and this account's settings allow no others")


def _check_brackets(netloc: str, host: str) -> None:
    try:
        whole = _BRACKETED.fullmatch(netloc) is not None and bool(ipaddress.IPv6Address(host))
    except ValueError:
        whole = False
    if not whole:
        raise TargetRefusedError("must have a valid IPv6 address, without a zone, in its brackets")


def _check_host(host: str) -> None:
    if len(host) > 253 or _HOST.fullmatch(host) is None:
        raise TargetRefusedError("must have a host: a name, an IPv4 address, or an IPv6 address in brackets")
    if _ENDS_IN_NUMBER.fullmatch(host):
        # 127.1, 0x7f000001, 017700000001 and 2130706433 are one address; written so, somebody means to hide it.
        try:
            ipaddress.IPv4Address(host)
        except ValueError:
            raise TargetRefusedError("must have an IPv4 address in its usual form of four decimal numbers") from None


def _innermost(address: IPAddress) -> IPAddress:
    """The IPv4 address inside an IPv6 one that only carries it, or the address itself."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address.sixtofour is not None:
            return address.sixtofour
        if address.teredo is not None:
            return address.teredo[1]
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def _is_in_never(address: IPAddress) -> bool:
    if address == _LOOPBACK_6:
        return False
    return any(address.version == network.version and address in network for network in _NEVER)


def _system_lookup(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return [str(entry[4][0]) for entry in found]
