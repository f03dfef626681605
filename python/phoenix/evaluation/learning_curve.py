"""How training went, from the checkpoint's own files."""

import json
from functools import partial
from pathlib import Path

import numpy as np

from phoenix.checkpoint_config import Manifest
from phoenix.evaluation.charts import draw_learning_curve
from phoenix.evaluation.impressions import EvaluationError
from phoenix.evaluation.sections import Figure, Section, Table, number

FILE = "learning_curve.json"
"""Optional: by model, the lists `step` and `loss`, of equal length."""


def read_learning_curve(directory: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Steps and losses by model; nothing when the checkpoint has no such file.

    Raises:
      EvaluationError: The file is not as FILE says.
    """
    path = directory / FILE
    if not path.is_file():
        return {}
    try:
        stored = json.loads(path.read_text())
        curves = {
            name: (np.array(each["step"], float), np.array(each["loss"], float))
            for name, each in stored.items()
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise EvaluationError(f"{path}: expected lists step and loss by model ({error})") from error
    if any(steps.shape != losses.shape for steps, losses in curves.values()):
        raise EvaluationError(f"{path}: step and loss differ in length")
    return curves


def training_section(directory: Path, manifest: Manifest) -> Section:
    """Where the checkpoint comes from, its metrics, and its learning curve."""
    source = manifest.provenance
    curves = read_learning_curve(directory)
    notes = [f"Trained by `{source.training_command}` at commit {source.git_commit[:12]}."]
    if not curves:
        notes.append(f"This checkpoint has no {FILE}, so there is no learning curve to draw.")
    rows = tuple((name, number(value, 4)) for name, value in source.metrics.items())
    figures = [
        Figure(
            f"Training loss of the {name} by step.",
            partial(draw_learning_curve, steps=steps, losses=losses),
            height_inches=2.8,
        )
        for name, (steps, losses) in curves.items()
    ]
    return Section(
        name="training",
        title="Training",
        command=f"npm run python -- -m phoenix.checkpoints inspect {directory}",
        notes=tuple(notes),
        tables=(Table("What the manifest says.", ("metric", "value"), rows),),
        figures=tuple(figures),
        lines=({"benchmark": "training", "metrics": dict(source.metrics)},),
    )
