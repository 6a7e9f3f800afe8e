"""Finding rows again: filters in the address, sorting, columns, saved views, export, search terms."""
