"""Names of what falls due for a payment on the account's clock."""

CHALLENGE_EXPIRES = "payment.challenge_expires"
HOLD_EXPIRES = "payment.authorization_expires"
PROCESSING_ENDS = "payment.processing_resolves"
PAYMENT_DISPUTED = "payment.disputed"
