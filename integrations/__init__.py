"""One module per foreign system: payment provider, mail, platforms, Temporal."""
