"""The demo world: a small society whose true tastes are known, and the training log it leaves."""
