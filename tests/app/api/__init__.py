"""The order service's API, over HTTP, of a real stack on both databases."""
