"""A mail server for trials: takes every message, shows it, and lets nothing leave this machine."""
