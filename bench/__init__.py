"""How fast Troupe is, measured beside a bare Temporal workflow: ``python -m bench``."""
