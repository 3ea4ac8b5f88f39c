"""Makes the classifiers that Troupe ships; docs/safety-models.md says what they are made from."""
