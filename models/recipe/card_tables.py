"""Puts figures of evaluate.py into the tables of a model card; the words around them are written by hand.

    python evaluate.py --model lite --data ../../../shared/data --json lite.json
    python card_tables.py lite.json --card ../cards/lite.md

Several files of figures (the sets measured in two processes, say) count as one. A table is found by its head; those with the same head come in the order of
evaluate.py's sets. A set that the files lack leaves its table as it is.
"""

import argparse
import json
from pathlib import Path

from evaluate import TABLES


HEADS = {
    **dict.fromkeys(("pairs", "rendered", "textbook"), "| set | pictures | input | native | step 1 | step 2 | gain | worse | SSIM in / out | PSNR-Y in / out |"),
    "clean": "| | pictures | mean | minimum | above 40 dB | worst |",
    "remove": "| | pictures | nearer | gain | worse |",
    "report": "| | rain | snow | haze | raindrop | right |",
    "safety": "| | median | largest |",
    "photographs": "| | photographs | presence | reported | change | fine change |",
}


def read_figures(paths: list[Path]) -> dict:
    """{set: figures} of all the files; a later file's set replaces an earlier one's."""
    return {name: figures for path in paths for name, figures in json.loads(path.read_text()).items()}


def put_tables(card: str, figures: dict) -> str:
    """The card with every table of `figures` in place of the one that stands there; ValueError where the card has none for it."""
    lines = card.split("\n")
    starts = [i for i, line in enumerate(lines) if line.startswith("|") and not (i and lines[i - 1].startswith("|"))]
    blocks = [(i, next(j for j in range(i, len(lines) + 1) if j == len(lines) or not lines[j].startswith("|"))) for i in starts]
    ours = {}  # set -> lines of its table, from and to
    for name in TABLES:
        free = [block for block in blocks if lines[block[0]] == HEADS[name] and block not in ours.values()]
        if free:
            ours[name] = free[0]
    if missing := [name for name in figures if name in TABLES and name not in ours]:
        raise ValueError(f"Expected a table of {missing[0]} in the card, headed {HEADS[missing[0]]!r}, got none; write its head where it is to stand.")
    for name in sorted(set(figures) & set(ours), key=lambda name: -ours[name][0]):  # from the end, so that places before it stay
        first, last = ours[name]
        lines[first:last] = TABLES[name](figures[name]).split("\n")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("figures", type=Path, nargs="+", help="JSON of evaluate.py")
    parser.add_argument("--card", type=Path, required=True, help="Markdown file whose tables are brought up to date")
    options = parser.parse_args()
    options.card.write_text(put_tables(options.card.read_text(), read_figures(options.figures)))


if __name__ == "__main__":
    main()
