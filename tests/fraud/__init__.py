"""The fraud model, from its features to the terminal."""
