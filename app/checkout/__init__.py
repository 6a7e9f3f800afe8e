"""The customer's own page: pay links, the card form, 3-D Secure and back, the result, the receipt."""
