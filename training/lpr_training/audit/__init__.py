"""Wrong labels found: a labelled set ranked by how much a model disagrees with it, and reviewed.

From below: ``table`` is the set's ``labels.csv`` as it is written, ``likelihood`` how probable a
label is to a network; ``ranking`` puts the most suspicious first. ``decisions`` keeps what a person
says of them, ``review`` is the work on both, ``pictures`` what is looked at, and ``server`` shows
it all in a browser.
"""
