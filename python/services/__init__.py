"""The two gRPC services of Phoenix: retrieval and ranking."""

import os

# gRPC reads this when it is first imported. Its own lines on standard error repeat, without a
# remedy, what the services say in one sentence.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
