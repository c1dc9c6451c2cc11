"""From pictures and labels to the networks of a model folder."""

TORCH_FREE = ("audit", "cli", "datasets", "labelling", "recipes", "synth")
"""The packages that work without PyTorch: together they are ``lpr data``. They import no other
package before a command of ``lpr train`` runs."""
