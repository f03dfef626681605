"""Measures a checkpoint: `python -m phoenix.evaluation [WHAT] [--report DIR] [--compare A B]`.

WHAT is ranking, retrieval, feed, policy, personas or (the default) all; options.py explains.
--report DIR writes report.json, report.md and report.html. --compare A B tells two checkpoints
apart. With --permute the rows of users and authors are shuffled first: a feed that is as good
without them would not be personal. Without --log everything is measured on the demo world.
"""

import json
import shlex
import sys
import time

from phoenix.checkpoints import CheckpointError
from phoenix.evaluation.compare import compare_section
from phoenix.evaluation.feed import FeedOptions
from phoenix.evaluation.feed_section import feed_section
from phoenix.evaluation.impressions import EvaluationError
from phoenix.evaluation.learning_curve import training_section
from phoenix.evaluation.options import Settings, parse_settings
from phoenix.evaluation.personas import order_correlation
from phoenix.evaluation.plots import require_matplotlib
from phoenix.evaluation.policy import parse_weights
from phoenix.evaluation.policy_section import policy_section
from phoenix.evaluation.ranking_section import ranking_section
from phoenix.evaluation.report import Report, write_report
from phoenix.evaluation.retrieval_section import retrieval_section
from phoenix.evaluation.sections import Section, plain
from phoenix.evaluation.subject import Subject, load_subject_checkpoint

_COMMON_POOL = 500


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _personas(subject: Subject, *, as_json: bool) -> bool:
    correlation = order_correlation(subject.day, subject.ranker, ("ada", "bruno"), _COMMON_POOL)
    if as_json:
        print(json.dumps({"benchmark": "personas", "adaBrunoSpearman": correlation}))
    else:
        print(f"Spearman correlation of ada's and bruno's orders of one pool: {correlation:.3f}")
    return correlation < 0.5


def _subject(settings: Settings, directory_index: int = 0) -> Subject:
    directory = settings.checkpoints[directory_index]
    try:
        checkpoint, manifest = load_subject_checkpoint(directory)
    except CheckpointError as error:
        raise EvaluationError(f"{directory} cannot be used ({error})") from error
    return Subject(
        checkpoint,
        manifest,
        settings.sizes,
        days_later=settings.days_later,
        log_path=settings.log_path,
        permute=settings.permute,
        say=_say,
    )


def _feed(subject: Subject, settings: Settings) -> tuple[Section, bool]:
    options = FeedOptions(viewers=settings.sizes.feed_viewers, pool_size=settings.sizes.feed_pool)
    section, verdict = feed_section(subject, options)
    return section, verdict.holds


def _sections(subject: Subject, settings: Settings) -> tuple[list[Section], bool]:
    """The sections that were asked for, and whether the feed's required ratios hold."""
    sections, holds = [], True
    if settings.measures("ranking"):
        sections.append(ranking_section(subject))
    if settings.measures("retrieval"):
        sections.append(retrieval_section(subject))
    if settings.measures("feed"):
        section, holds = _feed(subject, settings)
        sections.append(section)
    if settings.measures("policy"):
        sections.append(policy_section(subject, settings.weights))
    if settings.what == "all":
        sections.append(training_section(subject.checkpoint.directory, subject.manifest))
    return sections, holds


def _facts(subject: Subject, settings: Settings, seconds: float) -> tuple[tuple[str, str], ...]:
    start, end = (
        time.strftime("%Y-%m-%d %H:%M", time.gmtime(each / 1000)) for each in subject.data_range_ms
    )
    what = "the demo world" if settings.log_path is None else str(settings.log_path)
    return (
        ("checkpoint", f"{subject.checkpoint.directory}, version {subject.checkpoint.version}"),
        ("trained on", f"{start} to {end} UTC"),
        ("measured on", what),
        ("sizes", settings.describe_sizes()),
        ("took", f"{seconds:.0f} s"),
    )


def _show(sections: list[Section], *, as_json: bool) -> None:
    for section in sections:
        if as_json:
            for line in section.lines:
                print(json.dumps(plain(line)))
        else:
            print(f"{section.text()}\n")


def _run(settings: Settings, argv: list[str]) -> int:
    started = time.monotonic()
    if settings.report is not None:
        require_matplotlib()
    parse_weights(settings.weights)
    subject = _subject(settings)
    if settings.what == "personas":
        return 0 if _personas(subject, as_json=settings.as_json) else 1
    if settings.compares:
        sections, holds = [compare_section(subject, _subject(settings, 1))], True
    else:
        sections, holds = _sections(subject, settings)
    _show(sections, as_json=settings.as_json)
    if settings.report is not None:
        report = Report(
            title=f"Evaluation of {subject.checkpoint.directory.name}{settings.caveat}",
            command=f"npm run evaluate -- {shlex.join(argv)}",
            facts=_facts(subject, settings, time.monotonic() - started),
            sections=tuple(sections),
        )
        for path in write_report(report, settings.report):
            _say(f"{path} written")
    return 1 if settings.what == "feed" and not holds else 0


def main(argv: list[str] | None = None) -> int:
    """The command. Returns 1 when `feed` or `personas` miss their ratios, 2 for bad input."""
    given = sys.argv[1:] if argv is None else argv
    settings = parse_settings(given)
    try:
        return _run(settings, given)
    except (EvaluationError, FloatingPointError, OSError) as error:
        _say(str(error))
        return 2


if __name__ == "__main__":
    sys.exit(main())
