"""The data sets that trainings read, as pictures, boxes and texts."""
