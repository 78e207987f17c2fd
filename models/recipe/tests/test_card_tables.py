"""Figures go into the right tables of a card, and nothing else of it changes."""

from pathlib import Path

import pytest

from card_tables import HEADS, put_tables
from evaluate import TABLES

CARDS = Path(__file__).parents[2] / "cards"
STAGE = {"psnr": 20.0, "ssim": 0.5, "psnr_y": 21.0, "ssim_y": 0.5}


def restoration(name, gain):
    return {name: {"pictures": 1, "input": STAGE, "native": STAGE, "step1": STAGE, "step2": STAGE, "gain": gain, "worse": 0}}


def test_a_table_is_replaced_and_the_words_stay():
    head, rule = HEADS["pairs"], "|---" * 10 + "|"
    card = "\n".join(["Pairs:", "", head, rule, "| old | 1 |", "", "Rendered:", head, rule, "| old | 2 |", "| older | 3 |", "", "End"])
    changed = put_tables(card, {"rendered": restoration("rain", 4.25)})
    assert changed.split("\n")[:9] == card.split("\n")[:9]
    assert "| rain | 1 | 20.00 | 20.00 | 20.00 | 20.00 | +4.25 |" in changed
    assert "| old | 2 |" not in changed and "older" not in changed and changed.endswith("\n\nEnd")


def test_the_first_table_of_a_head_is_the_pairs():
    card = "\n".join([HEADS["pairs"], "|---|", "| old |", "", HEADS["rendered"], "|---|", "| other |"])
    assert put_tables(card, {"pairs": restoration("rain100l", 6.0)}).endswith("| other |")


def test_a_set_without_a_table_is_an_error():
    with pytest.raises(ValueError, match="Expected a table of safety"):
        put_tables("Nothing here.", {"safety": {"noise": {"median": 1.0, "largest": 1.0}}})


@pytest.mark.parametrize("name", ["nano", "lite"])
def test_the_cards_have_a_table_for_every_set(name):
    card = (CARDS / f"{name}.md").read_text()
    heads = [line for line in card.split("\n") if line in HEADS.values()]
    assert [HEADS[each] for each in TABLES] == heads


def test_heads_are_those_of_the_tables():
    assert TABLES["pairs"](restoration("x", 0.0)).split("\n")[0] == HEADS["pairs"]
    for name in ("clean", "remove", "report", "safety", "photographs"):
        columns = HEADS[name].strip("| ").split(" | ")
        assert TABLES[name]({"row": dict.fromkeys(columns, 0)}).split("\n")[0] == HEADS[name]
