"""Codes and the words for them, a module for each thing spoken of.

What a code becomes on a page is asked of `web.words`, which makes the sentences of them; the report
and the terminal take the words themselves.
"""
