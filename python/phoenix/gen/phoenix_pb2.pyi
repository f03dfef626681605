from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RetrieveRequest(_message.Message):
    __slots__ = ("user_id", "user_action_sequence", "max_results", "packed_actions", "posts_per_author_max", "among")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ACTION_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    MAX_RESULTS_FIELD_NUMBER: _ClassVar[int]
    PACKED_ACTIONS_FIELD_NUMBER: _ClassVar[int]
    POSTS_PER_AUTHOR_MAX_FIELD_NUMBER: _ClassVar[int]
    AMONG_FIELD_NUMBER: _ClassVar[int]
    user_id: int
    user_action_sequence: UserActionSequence
    max_results: int
    packed_actions: PackedActions
    posts_per_author_max: int
    among: PostIds
    def __init__(self, user_id: _Optional[int] = ..., user_action_sequence: _Optional[_Union[UserActionSequence, _Mapping]] = ..., max_results: _Optional[int] = ..., packed_actions: _Optional[_Union[PackedActions, _Mapping]] = ..., posts_per_author_max: _Optional[int] = ..., among: _Optional[_Union[PostIds, _Mapping]] = ...) -> None: ...

class PostIds(_message.Message):
    __slots__ = ("post_ids",)
    POST_IDS_FIELD_NUMBER: _ClassVar[int]
    post_ids: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, post_ids: _Optional[_Iterable[int]] = ...) -> None: ...

class RetrieveResponse(_message.Message):
    __slots__ = ("candidates", "packed_candidates", "scores", "model_version")
    CANDIDATES_FIELD_NUMBER: _ClassVar[int]
    PACKED_CANDIDATES_FIELD_NUMBER: _ClassVar[int]
    SCORES_FIELD_NUMBER: _ClassVar[int]
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    candidates: _containers.RepeatedCompositeFieldContainer[Candidate]
    packed_candidates: PackedCandidates
    scores: _containers.RepeatedScalarFieldContainer[float]
    model_version: str
    def __init__(self, candidates: _Optional[_Iterable[_Union[Candidate, _Mapping]]] = ..., packed_candidates: _Optional[_Union[PackedCandidates, _Mapping]] = ..., scores: _Optional[_Iterable[float]] = ..., model_version: _Optional[str] = ...) -> None: ...

class RankRequest(_message.Message):
    __slots__ = ("user_id", "user_action_sequence", "candidates", "packed_actions", "packed_candidates", "request_time_ms")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ACTION_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    CANDIDATES_FIELD_NUMBER: _ClassVar[int]
    PACKED_ACTIONS_FIELD_NUMBER: _ClassVar[int]
    PACKED_CANDIDATES_FIELD_NUMBER: _ClassVar[int]
    REQUEST_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    user_id: int
    user_action_sequence: UserActionSequence
    candidates: _containers.RepeatedCompositeFieldContainer[Candidate]
    packed_actions: PackedActions
    packed_candidates: PackedCandidates
    request_time_ms: int
    def __init__(self, user_id: _Optional[int] = ..., user_action_sequence: _Optional[_Union[UserActionSequence, _Mapping]] = ..., candidates: _Optional[_Iterable[_Union[Candidate, _Mapping]]] = ..., packed_actions: _Optional[_Union[PackedActions, _Mapping]] = ..., packed_candidates: _Optional[_Union[PackedCandidates, _Mapping]] = ..., request_time_ms: _Optional[int] = ...) -> None: ...

class RankResponse(_message.Message):
    __slots__ = ("predictions", "packed_probabilities", "packed_dwell_seconds", "model_version")
    PREDICTIONS_FIELD_NUMBER: _ClassVar[int]
    PACKED_PROBABILITIES_FIELD_NUMBER: _ClassVar[int]
    PACKED_DWELL_SECONDS_FIELD_NUMBER: _ClassVar[int]
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    predictions: _containers.RepeatedCompositeFieldContainer[ActionPredictions]
    packed_probabilities: bytes
    packed_dwell_seconds: bytes
    model_version: str
    def __init__(self, predictions: _Optional[_Iterable[_Union[ActionPredictions, _Mapping]]] = ..., packed_probabilities: _Optional[bytes] = ..., packed_dwell_seconds: _Optional[bytes] = ..., model_version: _Optional[str] = ...) -> None: ...

class Candidate(_message.Message):
    __slots__ = ("post_id", "author_id", "created_at_ms", "surface")
    POST_ID_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_ID_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    SURFACE_FIELD_NUMBER: _ClassVar[int]
    post_id: int
    author_id: int
    created_at_ms: int
    surface: int
    def __init__(self, post_id: _Optional[int] = ..., author_id: _Optional[int] = ..., created_at_ms: _Optional[int] = ..., surface: _Optional[int] = ...) -> None: ...

class UserActionSequence(_message.Message):
    __slots__ = ("actions",)
    ACTIONS_FIELD_NUMBER: _ClassVar[int]
    actions: _containers.RepeatedCompositeFieldContainer[Action]
    def __init__(self, actions: _Optional[_Iterable[_Union[Action, _Mapping]]] = ...) -> None: ...

class Action(_message.Message):
    __slots__ = ("post_id", "author_id", "action_type", "action_types", "acted_at_ms", "dwell_ms", "surface", "post_created_at_ms")
    POST_ID_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_ID_FIELD_NUMBER: _ClassVar[int]
    ACTION_TYPE_FIELD_NUMBER: _ClassVar[int]
    ACTION_TYPES_FIELD_NUMBER: _ClassVar[int]
    ACTED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    DWELL_MS_FIELD_NUMBER: _ClassVar[int]
    SURFACE_FIELD_NUMBER: _ClassVar[int]
    POST_CREATED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    post_id: int
    author_id: int
    action_type: str
    action_types: _containers.RepeatedScalarFieldContainer[str]
    acted_at_ms: int
    dwell_ms: int
    surface: int
    post_created_at_ms: int
    def __init__(self, post_id: _Optional[int] = ..., author_id: _Optional[int] = ..., action_type: _Optional[str] = ..., action_types: _Optional[_Iterable[str]] = ..., acted_at_ms: _Optional[int] = ..., dwell_ms: _Optional[int] = ..., surface: _Optional[int] = ..., post_created_at_ms: _Optional[int] = ...) -> None: ...

class PackedActions(_message.Message):
    __slots__ = ("post_ids", "author_ids", "multi_hot", "dwell_seconds", "surfaces", "acted_at_ms", "post_created_at_ms")
    POST_IDS_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_IDS_FIELD_NUMBER: _ClassVar[int]
    MULTI_HOT_FIELD_NUMBER: _ClassVar[int]
    DWELL_SECONDS_FIELD_NUMBER: _ClassVar[int]
    SURFACES_FIELD_NUMBER: _ClassVar[int]
    ACTED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    POST_CREATED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    post_ids: _containers.RepeatedScalarFieldContainer[int]
    author_ids: _containers.RepeatedScalarFieldContainer[int]
    multi_hot: bytes
    dwell_seconds: _containers.RepeatedScalarFieldContainer[float]
    surfaces: bytes
    acted_at_ms: _containers.RepeatedScalarFieldContainer[int]
    post_created_at_ms: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, post_ids: _Optional[_Iterable[int]] = ..., author_ids: _Optional[_Iterable[int]] = ..., multi_hot: _Optional[bytes] = ..., dwell_seconds: _Optional[_Iterable[float]] = ..., surfaces: _Optional[bytes] = ..., acted_at_ms: _Optional[_Iterable[int]] = ..., post_created_at_ms: _Optional[_Iterable[int]] = ...) -> None: ...

class PackedCandidates(_message.Message):
    __slots__ = ("post_ids", "author_ids", "created_at_ms", "surfaces")
    POST_IDS_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_IDS_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    SURFACES_FIELD_NUMBER: _ClassVar[int]
    post_ids: _containers.RepeatedScalarFieldContainer[int]
    author_ids: _containers.RepeatedScalarFieldContainer[int]
    created_at_ms: _containers.RepeatedScalarFieldContainer[int]
    surfaces: bytes
    def __init__(self, post_ids: _Optional[_Iterable[int]] = ..., author_ids: _Optional[_Iterable[int]] = ..., created_at_ms: _Optional[_Iterable[int]] = ..., surfaces: _Optional[bytes] = ...) -> None: ...

class ActionPredictions(_message.Message):
    __slots__ = ("favorite", "reply", "repost", "click", "photo_expand", "profile_click", "video_quality_view", "share", "share_via_dm", "share_via_copy_link", "dwell", "quote", "quoted_click", "follow_author", "not_interested", "block_author", "mute_author", "report", "dwell_seconds")
    FAVORITE_FIELD_NUMBER: _ClassVar[int]
    REPLY_FIELD_NUMBER: _ClassVar[int]
    REPOST_FIELD_NUMBER: _ClassVar[int]
    CLICK_FIELD_NUMBER: _ClassVar[int]
    PHOTO_EXPAND_FIELD_NUMBER: _ClassVar[int]
    PROFILE_CLICK_FIELD_NUMBER: _ClassVar[int]
    VIDEO_QUALITY_VIEW_FIELD_NUMBER: _ClassVar[int]
    SHARE_FIELD_NUMBER: _ClassVar[int]
    SHARE_VIA_DM_FIELD_NUMBER: _ClassVar[int]
    SHARE_VIA_COPY_LINK_FIELD_NUMBER: _ClassVar[int]
    DWELL_FIELD_NUMBER: _ClassVar[int]
    QUOTE_FIELD_NUMBER: _ClassVar[int]
    QUOTED_CLICK_FIELD_NUMBER: _ClassVar[int]
    FOLLOW_AUTHOR_FIELD_NUMBER: _ClassVar[int]
    NOT_INTERESTED_FIELD_NUMBER: _ClassVar[int]
    BLOCK_AUTHOR_FIELD_NUMBER: _ClassVar[int]
    MUTE_AUTHOR_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    DWELL_SECONDS_FIELD_NUMBER: _ClassVar[int]
    favorite: float
    reply: float
    repost: float
    click: float
    photo_expand: float
    profile_click: float
    video_quality_view: float
    share: float
    share_via_dm: float
    share_via_copy_link: float
    dwell: float
    quote: float
    quoted_click: float
    follow_author: float
    not_interested: float
    block_author: float
    mute_author: float
    report: float
    dwell_seconds: float
    def __init__(self, favorite: _Optional[float] = ..., reply: _Optional[float] = ..., repost: _Optional[float] = ..., click: _Optional[float] = ..., photo_expand: _Optional[float] = ..., profile_click: _Optional[float] = ..., video_quality_view: _Optional[float] = ..., share: _Optional[float] = ..., share_via_dm: _Optional[float] = ..., share_via_copy_link: _Optional[float] = ..., dwell: _Optional[float] = ..., quote: _Optional[float] = ..., quoted_click: _Optional[float] = ..., follow_author: _Optional[float] = ..., not_interested: _Optional[float] = ..., block_author: _Optional[float] = ..., mute_author: _Optional[float] = ..., report: _Optional[float] = ..., dwell_seconds: _Optional[float] = ...) -> None: ...

class UpsertPostsRequest(_message.Message):
    __slots__ = ("posts",)
    POSTS_FIELD_NUMBER: _ClassVar[int]
    posts: PackedCandidates
    def __init__(self, posts: _Optional[_Union[PackedCandidates, _Mapping]] = ...) -> None: ...

class UpsertPostsResponse(_message.Message):
    __slots__ = ("index_size",)
    INDEX_SIZE_FIELD_NUMBER: _ClassVar[int]
    index_size: int
    def __init__(self, index_size: _Optional[int] = ...) -> None: ...

class RemovePostsRequest(_message.Message):
    __slots__ = ("post_ids",)
    POST_IDS_FIELD_NUMBER: _ClassVar[int]
    post_ids: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, post_ids: _Optional[_Iterable[int]] = ...) -> None: ...

class RemovePostsResponse(_message.Message):
    __slots__ = ("index_size",)
    INDEX_SIZE_FIELD_NUMBER: _ClassVar[int]
    index_size: int
    def __init__(self, index_size: _Optional[int] = ...) -> None: ...

class EmbedPostsRequest(_message.Message):
    __slots__ = ("posts",)
    POSTS_FIELD_NUMBER: _ClassVar[int]
    posts: PackedCandidates
    def __init__(self, posts: _Optional[_Union[PackedCandidates, _Mapping]] = ...) -> None: ...

class EmbedPostsResponse(_message.Message):
    __slots__ = ("vectors", "dimension", "model_version")
    VECTORS_FIELD_NUMBER: _ClassVar[int]
    DIMENSION_FIELD_NUMBER: _ClassVar[int]
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    vectors: bytes
    dimension: int
    model_version: str
    def __init__(self, vectors: _Optional[bytes] = ..., dimension: _Optional[int] = ..., model_version: _Optional[str] = ...) -> None: ...

class LoadCheckpointRequest(_message.Message):
    __slots__ = ("directory",)
    DIRECTORY_FIELD_NUMBER: _ClassVar[int]
    directory: str
    def __init__(self, directory: _Optional[str] = ...) -> None: ...

class LoadCheckpointResponse(_message.Message):
    __slots__ = ("model_version",)
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    model_version: str
    def __init__(self, model_version: _Optional[str] = ...) -> None: ...

class GetStatusRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetStatusResponse(_message.Message):
    __slots__ = ("model_version", "index_size", "newest_post_created_at_ms", "queue_length", "instance_id", "ranking", "scan", "loading_model_version", "swaps", "refused_checkpoints", "last_refused_checkpoint")
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    INDEX_SIZE_FIELD_NUMBER: _ClassVar[int]
    NEWEST_POST_CREATED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    QUEUE_LENGTH_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    RANKING_FIELD_NUMBER: _ClassVar[int]
    SCAN_FIELD_NUMBER: _ClassVar[int]
    LOADING_MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    SWAPS_FIELD_NUMBER: _ClassVar[int]
    REFUSED_CHECKPOINTS_FIELD_NUMBER: _ClassVar[int]
    LAST_REFUSED_CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    model_version: str
    index_size: int
    newest_post_created_at_ms: int
    queue_length: int
    instance_id: str
    ranking: RankingStatus
    scan: str
    loading_model_version: str
    swaps: int
    refused_checkpoints: int
    last_refused_checkpoint: str
    def __init__(self, model_version: _Optional[str] = ..., index_size: _Optional[int] = ..., newest_post_created_at_ms: _Optional[int] = ..., queue_length: _Optional[int] = ..., instance_id: _Optional[str] = ..., ranking: _Optional[_Union[RankingStatus, _Mapping]] = ..., scan: _Optional[str] = ..., loading_model_version: _Optional[str] = ..., swaps: _Optional[int] = ..., refused_checkpoints: _Optional[int] = ..., last_refused_checkpoint: _Optional[str] = ...) -> None: ...

class RankingStatus(_message.Message):
    __slots__ = ("compilations", "prefix_hits", "prefix_misses", "score_hits", "score_misses", "cached_bytes")
    COMPILATIONS_FIELD_NUMBER: _ClassVar[int]
    PREFIX_HITS_FIELD_NUMBER: _ClassVar[int]
    PREFIX_MISSES_FIELD_NUMBER: _ClassVar[int]
    SCORE_HITS_FIELD_NUMBER: _ClassVar[int]
    SCORE_MISSES_FIELD_NUMBER: _ClassVar[int]
    CACHED_BYTES_FIELD_NUMBER: _ClassVar[int]
    compilations: int
    prefix_hits: int
    prefix_misses: int
    score_hits: int
    score_misses: int
    cached_bytes: int
    def __init__(self, compilations: _Optional[int] = ..., prefix_hits: _Optional[int] = ..., prefix_misses: _Optional[int] = ..., score_hits: _Optional[int] = ..., score_misses: _Optional[int] = ..., cached_bytes: _Optional[int] = ...) -> None: ...
