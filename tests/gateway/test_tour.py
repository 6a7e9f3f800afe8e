"""The tour in `docs/gateway.md` and the one in the gateway's README, run word for word."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.stack import Gateway, clean_environment

_ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_END = "--- end of block ---"


def run(script: str, **variables: str) -> str:
    done = subprocess.run(
        ["bash", "-u", "-c", script],
        env=clean_environment(**variables),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    return done.stdout


def test_the_tour_prints_what_it_says(gateway: Gateway, secret_key: str) -> None:
    blocks: list[tuple[str, str]] = _BLOCK.findall((_ROOT / "docs" / "gateway.md").read_text(encoding="utf-8"))
    asked = [text for kind, text in blocks if kind == "sh"]
    told = [text for kind, text in blocks if kind == "text"]
    assert [kind for kind, _ in blocks] == ["sh", "text"] * len(asked)
    script = f"echo '{_END}'\n".join(asked)
    printed = run(script, gateway=gateway.url, key=secret_key).split(f"{_END}\n")
    for block, expected, got in zip(asked, told, printed, strict=True):
        assert got == expected, block


def test_the_tour_of_the_readme_works(gateway: Gateway, secret_key: str) -> None:
    text = (_ROOT / "sandbox_gateway" / "README.md").read_text(encoding="utf-8")
    tour = next(block for kind, block in _BLOCK.findall(text) if kind == "sh" and "gateway=" in block)
    script = tour.replace("http://127.0.0.1:8001", gateway.url).replace("sk_test_tryitout1", secret_key)
    printed = run(script)
    assert '"amount_captured":1500' in printed
    assert '"type":"drop_after"' in printed
    assert "/problems/" not in printed
