"""A Flask application with one answer, under the very server and settings that the gateway has.

`python -m bench.gateway.hello PARENT_FD`, with the gateway's COUNTERFOIL_GATEWAY_* settings.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from flask import Flask

from sandbox_gateway import logs, server
from sandbox_gateway.config import load_config

app = Flask("hello")


@app.get("/")
def hello() -> dict[str, str]:
    return {"hello": "world"}


def load() -> tuple[server.WSGI, Callable[[], None]]:
    return app.wsgi_app, lambda: None


if __name__ == "__main__":
    logs.configure()
    config = load_config()
    server.run(config, server.listen(config.host, config.port), load, child=False, parent_fd=int(sys.argv[1]))
