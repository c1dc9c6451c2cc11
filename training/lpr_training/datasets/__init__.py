"""The data of trainings: labelled sets and rendered pictures."""
