"""Set-up and the command line: starting, stopping, dying, ports, packaging."""
