"""Pictures that stand alone: an SVG with its own colours, for a light and for a dark page, on a ground of its own."""

from __future__ import annotations

import re

from service.ledger.plan import Plan
from service.ui.svg.plan_graph import plan_graph
from service.ui.svg.steps import Drawn, drawn_steps

_SIZE = re.compile(r'viewBox="0 0 ([0-9.]+) ([0-9.]+)"')
STYLE = """
text{font:12px system-ui,"Segoe UI",sans-serif;fill:#1c2430}
.ground{fill:#fff}.lane{fill:#eef2f7}.lane.shared{fill:#e3ebf5}.lane-name{font-weight:600}
.need{fill:none;stroke:#8a97a8;stroke-width:1.2}.need.critical{stroke:#b3470b;stroke-width:2.4}
.step rect{fill:#cfdcec;stroke:#4c6485;stroke-width:1.2}.step.critical rect{fill:#ffd9bd;stroke:#b3470b;stroke-width:2}
@media (prefers-color-scheme:dark){text{fill:#e6ebf2}.ground{fill:#14181f}.lane{fill:#1e2530}.lane.shared{fill:#26303e}
.need{stroke:#7c8a9c}.need.critical{stroke:#ff9d5c}.step rect{fill:#33455c;stroke:#9db4d2}
.step.critical rect{fill:#5a3216;stroke:#ff9d5c}}
""".replace("\n", "")


def plan_picture(plan: Plan) -> str:
    """Return the picture of a plan: a lane a node, a column a rank, the chain that decides how long it takes marked."""
    bodies = [
        {"id": s.id, "title": s.title, "node": s.node, "needs": s.needs, "weight_seconds": s.weight_seconds}
        for s in plan.steps
    ]
    drawn = drawn_steps(bodies)
    return standing_alone(str(plan_graph(drawn)), f"Plan of {plan.kind}", _described(drawn))


def standing_alone(svg: str, title: str, description: str) -> str:
    """Return a picture of the dashboard with colours and a ground of its own, told in words that need no page."""
    width, height = _found(svg)
    ground = f'<style>{STYLE}</style><rect class="ground" width="{width}" height="{height}" rx="10"></rect>'
    told = re.sub(
        r"(<desc[^>]*>)[^<]*",
        rf"\g<1>{description}",
        re.sub(r"(<title[^>]*>)[^<]*", rf"\g<1>{title}", svg, count=1),
        count=1,
    )
    return told.replace("</desc>", f"</desc>{ground}", 1) + "\n"


def _found(svg: str) -> tuple[str, str]:
    size = _SIZE.search(svg)
    if size is None:
        raise ValueError("the picture has no viewBox")
    return size[1], size[2]


def _described(steps: list[Drawn]) -> str:
    lanes = len({step.lane for step in steps})
    return f"{len(steps)} steps in {lanes} lanes. The table below the picture says the same in words."
