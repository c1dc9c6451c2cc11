"""Flat plates, seen from the front: a country's, a market's, or of no country."""
