"""What was bought; place an order, follow its payment."""
