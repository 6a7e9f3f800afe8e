"""`python -m sandbox_gateway`."""

from sandbox_gateway.cli import main

main()
