"""Phoenix: the retrieval and ranking models of homefeed, in JAX."""
