"""The commands that the training distribution adds to lpr."""
