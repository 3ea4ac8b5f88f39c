"""A stand-in for the part of Stripe that Troupe uses: state, keys, webhooks and faults.

It speaks HTTP to the unmodified ``stripe`` library and moves no money. Everything that a person
can see of it says that it is simulated.
"""
