"""Believable orders for a first look: what is bought, by whom and when, carried through the real flow."""
