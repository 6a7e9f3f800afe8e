"""`pip install .` into a clean environment, then `counterfoil up` from any folder."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
import requests

from tests.building.files import ROOT, tracked
from tests.stack import Process, clean_environment, free_port, lifeline, until


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    built = subprocess.run(
        [*pip, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", str(folder), str(ROOT)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    (made,) = folder.glob("counterfoil-*.whl")
    return made


def test_the_wheel_holds_all_that_is_served_and_no_more(wheel: Path) -> None:
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    places = {
        "app/": "app/",
        "sandbox_gateway/": "sandbox_gateway/",
        "fraud_model/": "fraud_model/",
        "templates/": "app/_templates/",
        "static/": "app/_static/",
        "migrations/app/": "app/_migrations/",
        "migrations/gateway/": "sandbox_gateway/_migrations/",
    }
    wanted = set()
    for path in tracked():
        name = str(path.relative_to(ROOT))
        for source, target in places.items():
            if name.startswith(source):
                wanted.add(target + name.removeprefix(source))
    assert packed == wanted


def test_installed_it_runs_from_any_folder(wheel: Path, tmp_path: Path) -> None:
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    python = environment / "bin" / "python"
    (packages,) = environment.glob("lib/python*/site-packages")
    # What it depends on, from this environment; Counterfoil itself is not found this way.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "--python",
            str(python),
            "install",
            "--quiet",
            "--no-deps",
            "--no-index",
            str(wheel),
        ],
        check=True,
        env=clean_environment(PIP_DISABLE_PIP_VERSION_CHECK="1"),
    )
    here = tmp_path / "anywhere"
    here.mkdir()
    port, gateway_port = free_port(), free_port()
    process = Process(
        "installed",
        [
            str(environment / "bin" / "counterfoil"),
            *(
                "up",
                "--no-demo",
                "--port",
                str(port),
                "--gateway-port",
                str(gateway_port),
                "--parent-fd",
                str(lifeline()),
            ),
        ],
        env=clean_environment(),
        log=tmp_path / "log",
        cwd=here,
    )
    until(lambda: "To stop" in process.output or not process.running, what="the start", within=60)
    assert process.running, process.output
    page = requests.get(f"http://127.0.0.1:{port}/sign-in", timeout=10)
    assert page.status_code == 200
    for path in set(page.text.split('"')):
        if path.startswith("/") and path.endswith((".css", ".js", ".svg")):
            assert requests.get(f"http://127.0.0.1:{port}{path}", timeout=10).status_code == 200, path
    assert requests.get(f"http://127.0.0.1:{gateway_port}/openapi.json", timeout=10).status_code == 200
    where = subprocess.run(
        [python, "-c", "import app, sandbox_gateway; print(app.__file__, sandbox_gateway.__file__)"],
        cwd=here,
        check=True,
        capture_output=True,
        text=True,
    )
    assert where.stdout.count(str(packages)) == 2
    assert (here / "var" / "counterfoil.db").exists()
    assert process.stop() == 0
