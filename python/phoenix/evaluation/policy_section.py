"""`policy`: what other weights would earn, estimated from the log and checked against the truth."""

import numpy as np

from phoenix.evaluation.charts import draw_estimates
from phoenix.evaluation.impressions import sequence_order
from phoenix.evaluation.policy import (
    PUBLISHED,
    REWARDS,
    SHARE,
    PolicySlots,
    Weights,
    parse_weights,
    policy_slots,
    usable_requests,
)
from phoenix.evaluation.policy_estimators import ESTIMATORS, direct_method
from phoenix.evaluation.sections import Figure, Section, Table, Target, count, number, with_ends
from phoenix.evaluation.subject import Subject

COMMAND = "npm run evaluate -- policy"
NEW_WEIGHTS = "favorite=1"


def _measure(name: str, measured: PolicySlots) -> tuple[list[tuple[str, ...]], list[dict]]:
    cells, lines = [], []
    for reward in REWARDS:
        slots, truth = measured.slots[reward], measured.truth[reward]
        estimates = {method: estimate(slots) for method, estimate in ESTIMATORS.items()}
        covers = {method: each.holds(truth) for method, each in estimates.items()}
        cells.append(
            (
                f"{name}: {reward}",
                *(with_ends(each, 3) for each in estimates.values()),
                number(direct_method(slots), 3),
                number(truth, 3),
                "all"
                if all(covers.values())
                else ", ".join(method for method, holds in covers.items() if holds) or "none",
                count(round(slots.effective_size)),
            )
        )
        lines.append(
            {
                "benchmark": "policy",
                "policy": name,
                "reward": reward,
                "slots": len(slots.reward),
                "effectiveSlots": slots.effective_size,
                "loggedMean": float(slots.reward.mean()),
                "truth": truth,
                "direct": direct_method(slots),
                **{
                    method: {
                        "value": each.value,
                        "low": each.low,
                        "high": each.high,
                        "covers": covers[method],
                    }
                    for method, each in estimates.items()
                },
            }
        )
    return cells, lines


def policy_section(subject: Subject, new_weights: str = NEW_WEIGHTS) -> Section:
    """Estimates for a random policy, the published weights and new ones."""
    policies: dict[str, Weights | None] = {
        "at random": None,
        "published weights": PUBLISHED,
        f"new weights ({new_weights})": parse_weights(new_weights),
    }
    in_order = sequence_order(subject.log, subject.sequences)
    surface = subject.log.surface[in_order][subject.requests.place]
    requests = usable_requests(
        subject.requests, surface, count=subject.sizes.policy_requests, seed=subject.sizes.seed
    )
    subject.say(f"policy: scoring the pools of {len(requests):,} requests")
    measured = policy_slots(subject.day, subject.ranker, requests, policies=policies)
    cells: list[tuple[str, ...]] = []
    lines: list[dict] = []
    for name, slots in measured.items():
        more_cells, more_lines = _measure(name, slots)
        cells += more_cells
        lines += more_lines
    judged = [line[method]["covers"] for line in lines for method in ESTIMATORS]
    slots = lines[0]["slots"]
    note = (
        f"{slots:,} slots of {len(requests):,} requests after the training data. Each policy "
        f"fills a slot with one of the best {SHARE:.0%} of the pool by its weights (at random: "
        "of all), from the model's probabilities. Intervals: 95 %, slots of one viewer together. "
        "Truth: the demo world's, over the same slots. Effective slots: (sum w)^2 / sum w^2."
    )
    header = ("policy: reward a slot", *ESTIMATORS, "model alone", "truth", "covered by",
              "effective slots")  # fmt: skip
    table = Table("What each policy would earn.", header, tuple(cells))
    names = [line["policy"] for line in lines if line["reward"] == "likes"]
    of_likes = {
        method: [method_of(measured[name].slots["likes"]) for name in names]
        for method, method_of in ESTIMATORS.items()
    }
    truths = np.array([measured[name].truth["likes"] for name in names])
    return Section(
        name="policy",
        title="Other weights, from the log",
        command=COMMAND,
        notes=(note,),
        tables=(table,),
        figures=(
            Figure(
                "Likes a slot, with 95 % intervals; the upright stroke is the truth.",
                lambda axes: draw_estimates(axes, names, of_likes, truth=truths),
                height_inches=3.0,
            ),
        ),
        lines=tuple(lines),
        targets=(
            Target(
                name="policy intervals that cover the truth",
                value=float(np.mean(judged)),
                rule="at least 0.85 of 27 (95 % are meant to)",
                holds=float(np.mean(judged)) >= 0.85,
                command=COMMAND,
            ),
        ),
    )
