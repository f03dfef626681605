"""Training of both models from a training log: `python -m phoenix.training --help`."""
