"""Three ways to know what was paid: our books, the gateway's report, the bank's statement; and where they differ."""
