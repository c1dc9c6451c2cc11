"""Finds wrong labels: ranks a labelled set by the disagreement of a model, for a review by people.

From the lowest layer: ``table`` is the set's ``labels.csv`` byte for byte, ``likelihood`` the
probability of a label under a network, ``ranking`` the order by suspicion. ``decisions`` stores
people's decisions, ``review`` combines ranking and decisions, ``pictures`` draws the plates, and
``server`` shows all in a browser.
"""
