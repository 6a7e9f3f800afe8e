"""The design system on one page: every token, every part, in each of its states."""
