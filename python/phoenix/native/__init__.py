"""What is written in C, for speed alone: numpy computes the same where no compiler is."""
