"""The business language: models and pure rules. No I/O, no clock, no randomness."""
