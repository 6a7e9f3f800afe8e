"""Reports: one structure of figures and lines as of one cut of the ledger, in every form that is asked for."""
