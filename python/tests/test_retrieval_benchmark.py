"""The retrieval benchmark on a small index."""

import json

import pytest

from phoenix.benchmarks.retrieval import main
from phoenix.choose_scan import available_scans


def test_each_scan_is_measured_and_finds_all(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # As in the process that the command starts.
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    assert main(["--json", "--posts", "3000"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    *searches, insert = lines
    assert [line["variant"] for line in searches] == ["published", *available_scans()]
    for line in searches:
        assert (line["benchmark"], line["posts"]) == ("retrieval", 3_000)
        assert line["p50Ms"] > 0
        assert isinstance(line["ratioToPublished"], float)
        assert line["recall"] == (None if line["variant"] == "published" else 1.0)
    assert insert["benchmark"] == "retrieval.insert"
    assert insert["vectorsPerSecond"] > 0
    assert insert["visibleMs"] > 0


def test_too_few_posts_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--posts", "10"])
    assert "--posts must be at least 2000" in capsys.readouterr().err
