"""Ports: which are free, and which the next start should try first."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable

from app.errors import SettingError

DASHBOARD_PORT = 8000
GATEWAY_PORT = 8001
SEARCHED = 100


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now. SettingError if this host or port is out of reach for good."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except socket.gaierror:
        raise SettingError(f"--host is {host!r}: no such address; 127.0.0.1 is this machine alone") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return False
        if error.errno == errno.EADDRNOTAVAIL:
            raise SettingError(f"--host is {host!r}: this machine has no such address") from None
        if error.errno == errno.EACCES:
            raise SettingError(f"port {port} needs more rights than this user has: take one from 1024 up") from None
        raise
    return True


def first_free(host: str, wanted: Iterable[int], avoid: Iterable[int] = ()) -> int:
    """The first of the wanted ports that is free, then the first after the last of them. SettingError if none is."""
    candidates = list(wanted)
    candidates += range(candidates[-1] + 1, min(candidates[-1] + 1 + SEARCHED, 65_536))
    skipped = set(avoid)
    for port in candidates:
        if port not in skipped and is_free(host, port):
            return port
    raise SettingError(f"no port from {candidates[0]} to {candidates[-1]} is free on {host}: give another with --port")


def url_of(host: str, port: int) -> str:
    """The address for a browser on this machine; a server that listens everywhere is reached by loopback."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}.get(host, host)  # noqa: S104 - names
    if ":" in reachable and not reachable.startswith("["):
        reachable = f"[{reachable}]"
    return f"http://{reachable}:{port}"
