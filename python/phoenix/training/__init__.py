"""Training of both models from the training log: `python -m phoenix.training --demo`."""
