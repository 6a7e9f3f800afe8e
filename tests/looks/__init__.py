"""How the pages look: every page of both programs, measured in a browser. One database is enough for that."""
