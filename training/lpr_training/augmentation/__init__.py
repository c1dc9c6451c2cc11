"""Random changes of pictures and their labels."""
