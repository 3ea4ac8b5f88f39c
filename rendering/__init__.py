"""The Jinja environment, its filters and the signed links."""
