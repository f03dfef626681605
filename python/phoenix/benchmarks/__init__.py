"""Benchmarks of the models: python -m phoenix.benchmarks ranking|retrieval [--json]."""
