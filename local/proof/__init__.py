"""The proof that a payment is one transfer whatever is killed: `make prove-money`, and a test."""
