"""Reviews: payments that wait for a person's verdict before their money is taken."""
