"""Training of both models from a training log: `python -m phoenix.training --help`."""

import os

# Before numpy is loaded. Its matrix products here are small: a second thread gains nothing on a
# quiet machine, waits for the first on a busy one (20 times slower, measured), and makes the bits
# of the factors depend on the number of cores.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
