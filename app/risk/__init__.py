"""Risk: what a payment looks like before it is authorized, and what the rules say of it. Answers, never acts."""
