"""From a training's checkpoint to a model folder: export, thresholds, calibration."""
