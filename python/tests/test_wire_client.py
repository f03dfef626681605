"""A gRPC client written from the published numbers alone: it shares no code with the services.

Message names, field numbers and types are those of the published wire contract, written down here
again; field names are this client's own. Nothing of ours from number 10 on is used to ask.
"""

import time
from collections.abc import Iterator
from typing import Any

import grpc
import numpy as np
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from phoenix.gen import phoenix_pb2 as ours
from tests.service_process import running_service

_FIELD = descriptor_pb2.FieldDescriptorProto
_SCALARS = {
    "int32": _FIELD.TYPE_INT32,
    "int64": _FIELD.TYPE_INT64,
    "string": _FIELD.TYPE_STRING,
    "double": _FIELD.TYPE_DOUBLE,
}
# Message: number to type; * = repeated. Fields are called f1, f2, ...
_CONTRACT: dict[str, dict[int, str]] = {
    "RetrieveRequest": {1: "int64", 2: "UserActionSequence", 3: "int32"},
    "RetrieveResponse": {1: "*Candidate"},
    "RankRequest": {1: "int64", 2: "UserActionSequence", 3: "*Candidate"},
    "RankResponse": {1: "*ActionPredictions"},
    "Candidate": {1: "int64", 2: "int64"},
    "UserActionSequence": {1: "*Action"},
    "Action": {1: "int64", 2: "int64", 3: "string"},
    "ActionPredictions": {number: "double" for number in range(1, 20)},
}


def _messages() -> dict[str, Any]:
    """Message classes of the contract, in a pool of their own."""
    file = descriptor_pb2.FileDescriptorProto(
        name="client.proto", package="phoenix", syntax="proto3"
    )
    for message, fields in _CONTRACT.items():
        described = file.message_type.add(name=message)
        for number, kind in fields.items():
            field = described.field.add(name=f"f{number}", number=number)
            is_repeated = kind.startswith("*")
            field.label = _FIELD.LABEL_REPEATED if is_repeated else _FIELD.LABEL_OPTIONAL
            name = kind.removeprefix("*")
            if name in _SCALARS:
                field.type = _SCALARS[name]
            else:
                field.type = _FIELD.TYPE_MESSAGE
                field.type_name = f".phoenix.{name}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"phoenix.{name}"))
        for name in _CONTRACT
    }


MESSAGES = _messages()


def _call(channel: grpc.Channel, method: str, request: Any) -> Any:
    """Asks `/phoenix.<Service>/<Method>`; the names of the messages follow from the method."""
    name = method.rpartition("/")[2]
    call = channel.unary_unary(
        f"/phoenix.{method}",
        request_serializer=MESSAGES[f"{name}Request"].SerializeToString,
        response_deserializer=MESSAGES[f"{name}Response"].FromString,
    )
    return call(request, timeout=30)


def _history() -> Any:
    action = MESSAGES["Action"]
    names = ("like", "repost", "retweet", "reply", "favorite", "click", "profile_click", "dwell")
    return MESSAGES["UserActionSequence"](
        f1=[action(f1=number, f2=number + 50, f3=name) for number, name in enumerate(names, 1)]
    )


@pytest.fixture(scope="module")
def retrieval() -> Iterator[grpc.Channel]:
    with (
        running_service("retrieval_service") as service,
        grpc.insecure_channel(service.address) as channel,
    ):
        # The published contract has no way to fill an index; ours has.
        now_ms = time.time_ns() // 1_000_000
        ids = range(1, 1_501)
        posts = ours.PackedCandidates(post_ids=ids, author_ids=ids, created_at_ms=[now_ms] * 1_500)
        channel.unary_unary(
            "/phoenix.RetrievalService/UpsertPosts",
            request_serializer=ours.UpsertPostsRequest.SerializeToString,
            response_deserializer=ours.UpsertPostsResponse.FromString,
        )(ours.UpsertPostsRequest(posts=posts))
        yield channel


@pytest.fixture(scope="module")
def ranking() -> Iterator[grpc.Channel]:
    with (
        running_service("ranking_service") as service,
        grpc.insecure_channel(service.address) as channel,
    ):
        yield channel


def test_a_client_written_from_the_numbers_alone_retrieves_and_ranks(
    retrieval: grpc.Channel, ranking: grpc.Channel
) -> None:
    request = MESSAGES["RetrieveRequest"](f1=42, f2=_history(), f3=300)
    found = _call(retrieval, "RetrievalService/Retrieve", request).f1
    assert len(found) == 300
    assert len({candidate.f1 for candidate in found}) == 300
    assert all(candidate.f1 == candidate.f2 for candidate in found)

    request = MESSAGES["RankRequest"](f1=42, f2=_history(), f3=found)
    predictions = _call(ranking, "RankingService/Rank", request).f1
    assert len(predictions) == len(found)
    rows = np.array(
        [[getattr(row, f"f{number}") for number in range(1, 20)] for row in predictions]
    )
    assert np.isfinite(rows).all()
    assert ((rows[:, :18] >= 0) & (rows[:, :18] <= 1)).all()
    assert ((rows[:, 18] >= 0) & (rows[:, 18] <= 30)).all()
    # The same candidates in another order have the same predictions.
    backwards = MESSAGES["RankRequest"](f1=42, f2=_history(), f3=found[::-1])
    again = _call(ranking, "RankingService/Rank", backwards).f1
    for one, other in zip(predictions, again[::-1], strict=True):
        assert one.f1 == pytest.approx(other.f1, rel=1e-5)
    # Another viewer gets other predictions: the answer is not a constant.
    stranger = _call(ranking, "RankingService/Rank", MESSAGES["RankRequest"](f1=43, f3=found)).f1
    pairs = zip(predictions, stranger, strict=True)
    assert any(one.f1 != pytest.approx(other.f1) for one, other in pairs)


def test_the_default_is_a_thousand_results_and_no_history_is_needed(
    retrieval: grpc.Channel,
) -> None:
    request = MESSAGES["RetrieveRequest"](f1=42)
    assert len(_call(retrieval, "RetrievalService/Retrieve", request).f1) == 1_000


def test_the_first_four_predictions_are_where_they_were_published(ranking: grpc.Channel) -> None:
    fields = {1: "favorite", 2: "reply", 3: "repost", 4: "click", 19: "dwell_seconds"}
    request = MESSAGES["RankRequest"](f1=42, f2=_history())
    request.f3.add(f1=5, f2=6)
    [row] = _call(ranking, "RankingService/Rank", request).f1
    by_name = ours.ActionPredictions.FromString(row.SerializeToString())
    assert [getattr(row, f"f{number}") for number in fields] == [
        getattr(by_name, name) for name in fields.values()
    ]


def test_an_unknown_action_is_named(ranking: grpc.Channel) -> None:
    history = MESSAGES["UserActionSequence"](f1=[MESSAGES["Action"](f1=1, f2=2, f3="applaud")])
    with pytest.raises(grpc.RpcError) as caught:
        _call(ranking, "RankingService/Rank", MESSAGES["RankRequest"](f1=42, f2=history))
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert "'applaud'" in (caught.value.details() or "")
