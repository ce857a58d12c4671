"""`report.html`: one self-contained page with tables and plots."""

from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from services.workbench.report import charts
from services.workbench.report.summary import STAGES, Summary


def write_page(path: Path, summary: Summary) -> None:
    """Write the page; nothing in it is fetched from elsewhere and no time of writing is in it."""
    environment = Environment(
        loader=PackageLoader("services.workbench.report"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["yuan"] = lambda fen: f"{fen / 100:,.2f}"
    environment.filters["percent"] = lambda share: "–" if share is None else f"{share * 100:.1f} %"
    environment.filters["points"] = lambda share: "–" if share is None else f"{share * 100:+.1f}"
    plots = [
        charts.funnel_chart(summary.evaluations),
        charts.uplift_chart(summary.evaluations),
        charts.daily_chart(summary),
        charts.suppression_chart(summary.evaluations),
    ]
    page = environment.get_template("report.html.j2").render(
        summary=summary,
        stages=STAGES,
        plots=[Markup(plot) for plot in plots],  # noqa: S704 - our own SVG; pygal escapes its labels
    )
    path.write_text(page, encoding="utf-8", newline="\n")
