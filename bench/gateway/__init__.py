"""How fast the gateway is, beside others of its kind and beside what the machine could do: `make bench-gateway`."""
