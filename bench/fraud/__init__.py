"""How fast one assessment is, how fast many are, and what a state of a million cards weighs."""
