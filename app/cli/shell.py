"""`make shell`: an interactive session on the data of this folder, with settings, models and ways in at hand."""

from __future__ import annotations

import code
import sys
from pathlib import Path
from typing import Any

from app import db, models
from app.checkout import links
from app.cli.home import Home
from app.cli.options import Place
from app.errors import SettingError
from app.gateway import connect, gateway


def names() -> dict[str, Any]:
    """What the session begins with."""
    settings = Place(Home(Path("var"))).settings()
    db.connect(settings.database_url)
    connect(settings)
    links.connect(settings)
    ours = {"settings": settings, "gateway": gateway(), "reading": db.reading, "transaction": db.transaction}
    return ours | {name: getattr(models, name) for name in models.__all__}


if __name__ == "__main__":
    try:
        local = names()
    except SettingError as error:
        sys.exit(f"make shell: {error}")
    code.interact(banner=f"At hand: {', '.join(local)}\nBegin with: with reading() as session: …", local=local)
