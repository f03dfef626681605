"""Figures as inline SVG. matplotlib is imported here and only here, when it is first needed."""

import re
from typing import Any

from phoenix.evaluation.charts import INK
from phoenix.evaluation.impressions import EvaluationError
from phoenix.evaluation.sections import Figure

REMEDY = (
    "plots need matplotlib: `npm run evaluate` installs it, or `pip install -r "
    "python/requirements-learning.txt`"
)

_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "savefig.facecolor": "none",
}


def require_matplotlib() -> None:
    """Raises EvaluationError, naming the fix, before minutes of work are spent."""
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise EvaluationError(REMEDY) from error


def figure_svg(figure: Figure, name: str) -> str:
    """One figure as an <svg> element in the page's own text colour.

    name: unique in the page, so that ids inside do not collide.

    Raises:
      EvaluationError: There is no matplotlib.
    """
    require_matplotlib()
    import io

    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure as Canvas

    with matplotlib.rc_context():
        for key, value in {**_STYLE, "svg.hashsalt": name}.items():
            matplotlib.rcParams[key] = value
        canvas = Canvas(figsize=(figure.width_inches, figure.height_inches), layout="constrained")
        figure.draw(canvas.add_subplot())
        written = io.StringIO()
        FigureCanvasSVG(canvas).print_svg(written, metadata={"Date": None})
    text = written.getvalue()
    # No XML prologue inside HTML; INK gives way to the page's text colour.
    element = text[text.index("<svg") :].strip().replace(INK, "currentColor")
    # matplotlib numbers the parts of every figure from 1.
    return re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", element)
