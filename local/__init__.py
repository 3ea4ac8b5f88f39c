"""The embedded default: servers, stand-ins, simulated people and their supervisor."""
