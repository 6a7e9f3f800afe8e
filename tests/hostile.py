"""Texts that are code, formulas or a broken layout wherever they are taken for more than text."""

from __future__ import annotations

import re
from html import unescape

NASTY = "{{7*7}}${7*7}<svg onload=alert(1)><img src=x onerror=alert(2)>\"'><script>alert(3)</script>"
TURNED = "\u202egnp.teert\u202c שלום עליכם"
"""Turns what follows around, and runs from right to left by itself."""
LONG = "Donaudampfschifffahrtsgesellschaft" * 3
"""One word that no line holds."""
FORMULA = '=HYPERLINK("http://evil.example","Pay here")'
_STRANGER = re.compile(r"<svg onload|<img src=x|<script>alert|49\$?\{?49")


def assert_harmless(html: str) -> None:
    """That the nasty text stands on a page, as text."""
    assert "{{7*7}}" in unescape(html), "it is not shown at all"
    assert _STRANGER.findall(html) == []
