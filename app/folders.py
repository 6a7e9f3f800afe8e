"""Where templates, static files and migrations lie."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """`templates`, `static` or `migrations`: inside the installed package, or beside it in a checkout."""
    installed = _HERE / f"_{name}"
    return installed if installed.is_dir() else _HERE.parent / name
