"""The flame graph: boxes as wide as their share, and a waiting thread's time where it worked."""

from __future__ import annotations

from collections import Counter
from xml.etree import ElementTree

from benchmarks.flames import flame_graph
from benchmarks.profiling import _spread

SVG = "{http://www.w3.org/2000/svg}"
STACKS = {
    ("main", "quotakeeper.keeper:reserve", "quotakeeper.domain.units:measure"): 300,
    ("main", "quotakeeper.keeper:reserve"): 100,
    ("main", "app:<lambda>"): 600,
}


def boxes(svg: str) -> dict[str, tuple[float, float]]:
    """The title of each box, with its width and its upper edge."""
    found = {}
    for group in ElementTree.fromstring(svg).iter(f"{SVG}g"):
        rect, title = group.find(f"{SVG}rect"), group.find(f"{SVG}title")
        assert rect is not None and title is not None and title.text is not None
        found[title.text] = float(rect.attrib["width"]), float(rect.attrib["y"])
    return found


def test_a_box_is_as_wide_as_its_share_and_stands_on_its_caller() -> None:
    found = boxes(flame_graph("A <title>", STACKS))
    assert {title: width for title, (width, _) in found.items()} == {
        "all: 100.0 %": 1200.0,
        "main: 100.0 %": 1200.0,
        "app:<lambda>: 60.0 %": 720.0,
        "quotakeeper.keeper:reserve: 40.0 %": 480.0,
        "quotakeeper.domain.units:measure: 30.0 %": 360.0,
    }
    ups = [found[title][1] for title in found if "app" not in title]
    assert ups == sorted(ups, reverse=True)


def test_the_time_of_a_waiting_stack_goes_to_the_other_stacks_of_its_thread() -> None:
    stacks = Counter({
        ("worker", "a.b:next_batch"): 60, ("worker", "a.b:serve"): 10, ("worker", "a.c:save"): 20,
        ("main", "a:run"): 5,
    })  # fmt: skip
    _spread(stacks)
    assert stacks == {
        ("worker", "a.b:serve"): 30, ("worker", "a.c:save"): 60, ("main", "a:run"): 5,
    }  # fmt: skip
