"""`python -m app.cli`, the same as `counterfoil`."""

from app.cli.main import main

main()
