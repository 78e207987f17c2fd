"""Which sub-prompts answer which weather, as a picture: figures of evaluate.py (--sets pool,report) -> an SVG chart for the model card.

    python evaluate.py --data ../../../shared/data --sets pool,report --json figures.json
    python chart_prompts.py figures.json -o ../cards/nano-prompts.svg
"""

import argparse
import json
from pathlib import Path
from xml.sax.saxutils import escape

from prompts import WEATHERS

CELL_PX, LEFT_PX, TOP_PX, LINE_PX = 26, 86, 66, 16
COLOURS = {"rain": (37, 99, 160), "snow": (98, 118, 148), "haze": (168, 112, 24), "raindrop": (28, 128, 110)}
STYLE = "text{font:12px system-ui,sans-serif;fill:#222}.small{font-size:10px;fill:#555}@media(prefers-color-scheme:dark){text{fill:#ddd}.small{fill:#aaa}}"


def chart(pool: dict) -> str:
    """pool: {"home": [weather] * P, kind: [share of pictures in which sub-prompt i is chosen] * P} -> SVG text.

    Columns are sub-prompts, ordered by the weather that each is most akin to; a cell is as full as the sub-prompt is often chosen.
    """
    kinds = [kind for kind in ("clean", *WEATHERS) if kind in pool]
    order = sorted(range(len(pool["home"])), key=lambda i: (WEATHERS.index(pool["home"][i]), i))
    width, height = LEFT_PX + CELL_PX * len(order) + 8, TOP_PX + CELL_PX * len(kinds) + 30
    parts = [text(8, 16, "Share of pictures in which a sub-prompt is among the chosen five"), text(8, 34, "rows: what was rendered; columns: sub-prompts by the weather each is akin to", "small")]
    for column, i in enumerate(order):
        x, home = LEFT_PX + column * CELL_PX, pool["home"][i]
        if column == 0 or home != pool["home"][order[column - 1]]:
            parts.append(text(x, TOP_PX - 8, home))
        parts.append(text(x + CELL_PX / 2, TOP_PX + CELL_PX * len(kinds) + LINE_PX, str(i), "small", "middle"))
        parts += [cell(x, TOP_PX + row * CELL_PX, pool[kind][i], COLOURS[home], f"{kind}, sub-prompt {i}: {pool[kind][i]:.0%}") for row, kind in enumerate(kinds)]
    parts += [text(8, TOP_PX + row * CELL_PX + LINE_PX, kind) for row, kind in enumerate(kinds)]
    label = "Heat map: how often each sub-prompt is chosen for each weather"
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" aria-label="{label}"><style>{STYLE}</style>{"".join(parts)}</svg>\n'


def cell(x, y, share, colour, title):
    frame = f'<rect x="{x}" y="{y}" width="{CELL_PX - 2}" height="{CELL_PX - 2}" rx="3" fill="rgb{colour}" fill-opacity="{0.06 + 0.94 * share:.2f}">'
    return f"{frame}<title>{escape(title)}</title></rect>"


def text(x, y, words, style="", anchor="start"):
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}"{f" class={chr(34)}{style}{chr(34)}" if style else ""}>{escape(words)}</text>'


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("figures", type=Path, help="JSON that evaluate.py wrote, with the set pool")
    parser.add_argument("-o", "--out", type=Path, required=True)
    options = parser.parse_args()
    figures = json.loads(options.figures.read_text())
    if "pool" not in figures:
        parser.error(f"{options.figures} has no pool; run evaluate.py with --sets pool")
    options.out.write_text(chart(figures["pool"]))


if __name__ == "__main__":
    main()
