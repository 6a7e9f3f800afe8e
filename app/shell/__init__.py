"""The frame of every page: what needs a person, how the pages look, the keys, and the tour of the first minute."""
