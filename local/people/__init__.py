"""Simulated people: creators who read their mail and act in the portal, and staff at the desk.

They know nothing that a person would not know: they read mails, open the link in them, look at
the page and fill its forms. What a creator is like is dealt from a deck; nothing is scripted.
"""
