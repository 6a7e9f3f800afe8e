"""The terminal's door. Each command lives in a module of its own, loaded when it is called."""

from app.cli.main import main

__all__ = ["main"]
