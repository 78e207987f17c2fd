"""The chart of the pool: well-formed, a cell for each sub-prompt and kind, fuller where a sub-prompt is chosen more often."""

from xml.etree import ElementTree

from chart_prompts import chart

POOL = {"home": ["haze", "rain"], "clean": [0.0, 0.0], "rain": [0.0, 1.0], "snow": [0.0, 0.0], "haze": [0.5, 0.0], "raindrop": [0.0, 0.0]}


def test_every_sub_prompt_has_a_cell_for_every_kind_as_full_as_it_is_chosen():
    root = ElementTree.fromstring(chart(POOL))
    cells = {r[0].text: float(r.get("fill-opacity")) for r in root.iter("{http://www.w3.org/2000/svg}rect")}
    assert len(cells) == 10
    assert cells["rain, sub-prompt 1: 100%"] == 1 and cells["haze, sub-prompt 0: 50%"] == 0.53 and cells["clean, sub-prompt 0: 0%"] == 0.06


def test_columns_stand_in_the_order_of_the_weathers():
    names = [t.text for t in ElementTree.fromstring(chart(POOL)).iter("{http://www.w3.org/2000/svg}text") if t.text in ("rain", "haze")]
    assert names[:2] == ["rain", "haze"]
