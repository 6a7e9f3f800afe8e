"""The tests; they go through the doors that people use: HTTP, the browser, the command line."""
