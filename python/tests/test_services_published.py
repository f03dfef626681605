"""Both services on a directory in the published layout: no manifest, 64 taxonomy slots."""

import time
from pathlib import Path

import grpc
import numpy as np

from phoenix.bundle import Candidates, History
from phoenix.checkpoints import load_checkpoint
from phoenix.gen import phoenix_pb2 as wire
from phoenix.gen.actions import ACTIONS, DISCRETE_COUNT
from phoenix.gen.phoenix_pb2_grpc import RankingServiceStub, RetrievalServiceStub
from phoenix.inference import InferenceEngine
from phoenix.sequences import read_corpus, read_sequence
from tests.service_process import running_service
from tests.service_requests import NOW_MS, packed_actions, packed_matrix, packed_rank

PUBLISHED = Path(__file__).resolve().parents[2] / "test" / "golden" / "published"
SLOTS = [action.taxonomy_slot for action in ACTIONS[:DISCRETE_COUNT]]
HAS_HEAD = np.array([slot is not None for slot in SLOTS])
CORPUS = read_corpus(PUBLISHED / "sports_corpus.npz")


def _history() -> History:
    """The example viewer's posts, with actions that the wire can name: one each, in turn."""
    seen = read_sequence(PUBLISHED / "example_sequence.json", 64).history
    count = seen.post_ids.shape[0]
    known = np.flatnonzero(HAS_HEAD)
    actions = np.zeros((count, DISCRETE_COUNT), np.float32)
    actions[np.arange(count), known[np.arange(count) % known.shape[0]]] = 1.0
    return History(
        post_ids=seen.post_ids,
        author_ids=seen.author_ids,
        actions=actions,
        dwell_seconds=np.zeros(count, np.float32),
        surfaces=np.zeros(count, np.int64),
        created_at_ms=np.full(count, NOW_MS - 86_400_000),
    )


def test_it_is_ranked_as_the_run_script_ranks_it() -> None:
    # More than one chunk of the published eight: positions are by slot.
    chosen = np.arange(37)
    posts = Candidates(
        post_ids=CORPUS.post_ids[chosen],
        author_ids=CORPUS.author_ids[chosen],
        surfaces=np.zeros(37, np.int64),
        created_at_ms=NOW_MS - chosen * 3_600_000,
    )
    checkpoint = load_checkpoint(PUBLISHED)
    expected, dwell = InferenceEngine(checkpoint.ranker).rank(
        user_id=7, history=_history(), candidates=posts, request_time_ms=NOW_MS
    )
    assert dwell is not None
    with (
        running_service("ranking_service", "--checkpoint", str(PUBLISHED)) as service,
        grpc.insecure_channel(service.address) as channel,
    ):
        answer = RankingServiceStub(channel).Rank(packed_rank(_history(), posts))
    assert answer.model_version == checkpoint.version
    found = packed_matrix(answer)
    assert np.isnan(found[:, :-1]).all(axis=0).tolist() == (~HAS_HEAD).tolist()
    np.testing.assert_allclose(found[:, :-1], expected, rtol=0, atol=1e-5)
    np.testing.assert_allclose(found[:, -1], dwell, rtol=0, atol=1e-4)


def test_its_own_corpus_is_found_by_its_own_vectors() -> None:
    assert CORPUS.representations is not None
    count = CORPUS.post_ids.shape[0]
    packed = wire.PackedCandidates(
        post_ids=CORPUS.post_ids.tolist(),
        author_ids=CORPUS.author_ids.tolist(),
        created_at_ms=[time.time_ns() // 1_000_000] * count,
    )
    engine = InferenceEngine(load_checkpoint(PUBLISHED).retrieval)
    expected = CORPUS.representations @ engine.embed_user(7, _history())
    with (
        running_service("retrieval_service", "--checkpoint", str(PUBLISHED)) as service,
        grpc.insecure_channel(service.address) as channel,
    ):
        stub = RetrievalServiceStub(channel)
        stub.UpsertPosts(wire.UpsertPostsRequest(posts=packed))
        answer = stub.Retrieve(
            wire.RetrieveRequest(
                user_id=7,
                packed_actions=packed_actions(_history()),
                max_results=count,
                posts_per_author_max=count,
            )
        )
    score_of = dict(zip(CORPUS.post_ids.tolist(), expected.tolist(), strict=True))
    found = answer.packed_candidates.post_ids
    assert set(found) == set(score_of)
    np.testing.assert_allclose(answer.scores, [score_of[post] for post in found], rtol=0, atol=1e-5)
