"""Figures go into the right tables of a card, and nothing else of it changes."""

from pathlib import Path

import pytest

from card_tables import put_tables
from evaluate import TABLES, restoration_table

CARDS = Path(__file__).parents[2] / "cards"
STAGE = {"psnr": 20.0, "ssim": 0.5, "psnr_y": 21.0, "ssim_y": 0.5}
COLUMNS = {  # of the other sets, as evaluate.py gives them
    "clean": ("pictures", "mean", "minimum", "above 40 dB", "worst"), "remove": ("pictures", "nearer", "gain", "worse"),
    "report": ("rain", "snow", "haze", "raindrop", "right"), "safety": ("median", "largest"),
    "photographs": ("photographs", "presence", "reported", "change", "fine change"),
}  # fmt: skip


def restoration(name, gain=0.0):
    return {name: {"pictures": 1, "input": STAGE, "native": STAGE, "step1": STAGE, "step2": STAGE, "gain": gain, "worse": 0}}


HEAD, RULE = restoration_table(restoration("any")).split("\n")[:2]


def test_a_table_is_replaced_and_the_words_stay():
    card = "\n".join(["Pairs:", "", HEAD, RULE, "| old | 1 |", "", "Rendered:", HEAD, RULE, "| old | 2 |", "| older | 3 |", "", "End"])
    changed = put_tables(card, {"rendered": restoration("rain", 4.25)})
    assert changed.split("\n")[:9] == card.split("\n")[:9]
    assert "| rain | 1 | 20.00 | 20.00 | 20.00 | 20.00 | +4.25 |" in changed
    assert "| old | 2 |" not in changed and "older" not in changed and changed.endswith("\n\nEnd")


def test_the_first_table_of_a_head_is_the_pairs():
    card = "\n".join([HEAD, RULE, "| old |", "", HEAD, RULE, "| other |"])
    assert put_tables(card, {"pairs": restoration("rain100l", 6.0)}).endswith("| other |")


def test_a_set_without_a_table_is_an_error():
    with pytest.raises(ValueError, match="Expected a table of safety"):
        put_tables("Nothing here.", {"safety": {"noise": {"median": 1.0, "largest": 1.0}}})
    with pytest.raises(ValueError, match="Expected a table of rendered .* got 1 of that head"):
        put_tables(HEAD, {"rendered": restoration("rain")})


@pytest.mark.parametrize("name", ["nano", "lite"])
def test_the_cards_have_a_table_for_every_set(name):
    figures = {each: {"a row": dict.fromkeys(COLUMNS[each], 0)} if each in COLUMNS else restoration("a row") for each in TABLES}
    assert put_tables((CARDS / f"{name}.md").read_text(), figures).count("\n| a row |") == len(TABLES)
