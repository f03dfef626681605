"""Evaluation of a checkpoint on the demo world, whose true tastes are known."""
