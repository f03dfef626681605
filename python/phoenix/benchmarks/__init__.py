"""Speed of the models, each beside the published way to compute the same."""
