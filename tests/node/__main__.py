"""`python -m tests.node` brings in what tests need of Node."""

from tests.node import install

if __name__ == "__main__":
    install()
