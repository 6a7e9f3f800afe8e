"""`python -m fraud_model`."""

from __future__ import annotations

from fraud_model.cli import main

if __name__ == "__main__":
    main(prog_name="python -m fraud_model")
