"""Quality of the two models on public data sets, which stay outside this repository."""
