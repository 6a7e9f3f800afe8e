"""What changed, told to open pages as it happens. The bus is the timeline's table, so any number of processes agree."""
