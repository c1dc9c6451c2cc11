"""Crops -> readings: rectify, run the network, decode CTC, check and vote."""
