"""Puts figures of evaluate.py into the tables of a model card; the words around them are written by hand.

    python evaluate.py --model lite --data ../../../shared/data --json lite.json
    python card_tables.py lite.json --card ../cards/lite.md

Several files of figures (the sets measured in two processes, say) count as one. A table is found by its head; those with the same head come in the order of
evaluate.py's sets. A set that the files lack leaves its table as it is.
"""

import argparse
import json
from pathlib import Path

from evaluate import TABLES, restoration_table


def read_figures(paths: list[Path]) -> dict:
    """{set: figures} of all the files; a later file's set replaces an earlier one's."""
    return {name: figures for path in paths for name, figures in json.loads(path.read_text()).items()}


def put_tables(card: str, figures: dict) -> str:
    """The card with every table of `figures` in place of the one that stands there; ValueError where the card has none for it."""
    lines = card.split("\n")
    restorations = [name for name, table in TABLES.items() if table is restoration_table]  # their tables have one head
    for name in (name for name in TABLES if name in figures):
        table = TABLES[name](figures[name]).split("\n")
        places = [i for i, line in enumerate(lines) if line == table[0]]
        number = restorations.index(name) if name in restorations else 0
        if number >= len(places):
            raise ValueError(f"Expected a table of {name} in the card, headed {table[0]!r}, got {len(places)} of that head; write its head where it is to stand.")
        first = places[number]
        last = next((i for i in range(first, len(lines)) if not lines[i].startswith("|")), len(lines))
        lines[first:last] = table
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("figures", type=Path, nargs="+", help="JSON of evaluate.py")
    parser.add_argument("--card", type=Path, required=True, help="Markdown file whose tables are brought up to date")
    options = parser.parse_args()
    options.card.write_text(put_tables(options.card.read_text(), read_figures(options.figures)))


if __name__ == "__main__":
    main()
