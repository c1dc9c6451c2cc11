"""A new country by one recipe: region pack, rendered plates, both trainings, model, comparison."""
