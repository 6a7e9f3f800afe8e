"""A browser's own words for itself, in ours: what and where, so that people know their sessions apart."""

from __future__ import annotations

_BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
"""The first that fits: most say that they are Chrome and Safari as well."""
_PLACES = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "a Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def browser(agent: str | None) -> str:
    """`Firefox on Linux`; the first word of what is unknown."""
    first = (agent or "").split("/", 1)[0].split()
    if agent is None or not first:
        return "Unknown browser"
    name = next((name for mark, name in _BROWSERS if mark in agent), first[0][:40])
    place = next((place for mark, place in _PLACES if mark in agent), None)
    return f"{name} on {place}" if place else name
