"""The one search box: an id goes straight to what it names, anything else becomes a list's filter."""
