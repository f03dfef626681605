"""The published names of every weight of a model, and the shape that its configuration gives."""

from phoenix.config import CONTINUOUS_OUTPUTS, DWELL_HIDDEN, ModelConfig

Shapes = dict[str, tuple[int, ...]]


def _trunk_shapes(config: ModelConfig) -> Shapes:
    width, hidden = config.embedding_size, config.feed_forward_size
    queries = config.query_heads * config.key_size
    keys = config.key_value_heads * config.key_size
    shapes: Shapes = {}
    for layer in range(config.layers):
        scope = f"transformer/decoder_layer_{layer}"
        for norm in ("rms_norm", "rms_norm_1", "rms_norm_2", "rms_norm_3"):
            shapes[f"{scope}/{norm}/scale"] = (width,)
        shapes[f"{scope}/multi_head_attention/query/w"] = (width, queries)
        shapes[f"{scope}/multi_head_attention/key/w"] = (width, keys)
        shapes[f"{scope}/multi_head_attention/value/w"] = (width, keys)
        shapes[f"{scope}/multi_head_attention/linear/w"] = (queries, width)
        shapes[f"{scope}/linear/w"] = (width, hidden)
        shapes[f"{scope}/linear_v/w"] = (width, hidden)
        shapes[f"{scope}/linear_1/w"] = (hidden, width)
    return shapes


def _token_shapes(config: ModelConfig, scope: str) -> Shapes:
    width = config.embedding_size
    rows = (config.item_hashes + config.author_hashes) * width
    dwell = width if config.dwell_and_age else 0
    return {
        f"{scope}/product_surface_embedding_table": (config.product_surfaces, width),
        f"{scope}/action_projection": (config.num_actions, width),
        f"{scope}/proj_mat_1": (config.user_hashes * width, width),
        f"{scope}/proj_mat_3": (rows + 2 * width + dwell, width),
    }


def ranker_parameter_shapes(config: ModelConfig) -> Shapes:
    """Weights of a ranking model."""
    width = config.embedding_size
    rows = (config.item_hashes + config.author_hashes) * width
    scope = "phoenix_model"
    shapes = _trunk_shapes(config) | _token_shapes(config, scope)
    age = width if config.dwell_and_age else 0
    shapes[f"{scope}/proj_mat_2"] = (rows + width + age, width)
    shapes[f"{scope}/rms_norm/scale"] = (width,)
    shapes[f"{scope}/unembeddings"] = (width, config.num_actions)
    if config.dwell_and_age:
        shapes[f"{scope}/history_dwell_time_proj1"] = (1, DWELL_HIDDEN)
        shapes[f"{scope}/history_dwell_time_proj2"] = (DWELL_HIDDEN, width)
        shapes[f"{scope}/post_age_embedding_table"] = (config.post_age_buckets, width)
    if config.continuous:
        shapes[f"{scope}/continuous_unembeddings"] = (width, CONTINUOUS_OUTPUTS)
    return shapes


def retrieval_parameter_shapes(config: ModelConfig) -> Shapes:
    """Weights of a retrieval model, but for the temperature that only training uses."""
    width = config.embedding_size
    rows = (config.item_hashes + config.author_hashes) * width
    scope = "phoenix_retrieval_model"
    shapes = _trunk_shapes(config) | _token_shapes(config, scope)
    if config.candidate_tower == "mlp":
        tower = f"{scope}/~build_candidate_representation/candidate_tower"
        shapes[f"{tower}/candidate_tower_projection_1"] = (rows, 2 * width)
        shapes[f"{tower}/candidate_tower_projection_2"] = (2 * width, width)
    return shapes
