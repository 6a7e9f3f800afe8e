"""The ledger's screens: what stands on the accounts, every posting, and what brought it."""
