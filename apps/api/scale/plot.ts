/** Lines with names -> a plot as SVG, readable on light and dark pages. */

export type Line = { readonly name: string; readonly points: readonly (readonly [x: number, y: number])[] };
export type Plot = {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly logX: boolean;
  readonly logY: boolean;
  readonly lines: readonly Line[];
};

const [WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM] = [720, 400, 80, 50, 150, 60];
const COLOURS = ['#1f77b4', '#d95f02', '#1b9e77', '#7570b3'];

export function drawLines({ title, x, y, logX, logY, lines }: Plot): string {
  const points = lines.flatMap((line) => line.points);
  const toX = scale(
    points.map(([px]) => px),
    logX,
    LEFT,
    WIDTH - RIGHT,
  );
  const toY = scale(
    points.map(([, py]) => py),
    logY,
    HEIGHT - BOTTOM,
    TOP,
  );
  const grid = [
    ...toX.ticks.map(
      (value) =>
        `<path d="M${toX.at(value)} ${TOP}V${HEIGHT - BOTTOM}" stroke="#ddd"/><text x="${toX.at(value)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${label(value)}</text>`,
    ),
    ...toY.ticks.map(
      (value) =>
        `<path d="M${LEFT} ${toY.at(value)}H${WIDTH - RIGHT}" stroke="#ddd"/><text x="${LEFT - 8}" y="${toY.at(value) + 4}" text-anchor="end">${label(value)}</text>`,
    ),
  ];
  const drawn = lines.map(({ name, points: own }, i) => {
    const colour = COLOURS[i % COLOURS.length];
    const path = own.map(([px, py], n) => `${n === 0 ? 'M' : 'L'}${toX.at(px)} ${toY.at(py)}`).join('');
    const dots = own.map(([px, py]) => `<circle cx="${toX.at(px)}" cy="${toY.at(py)}" r="3" fill="${colour}"/>`).join('');
    const legend = `<path d="M${WIDTH - RIGHT + 12} ${TOP + 10 + 20 * i}h18" stroke="${colour}" stroke-width="2"/><text x="${WIDTH - RIGHT + 36}" y="${TOP + 14 + 20 * i}">${name}</text>`;
    return `<path d="${path}" fill="none" stroke="${colour}" stroke-width="2"/>${dots}${legend}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" fill="#222">
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
<text x="${LEFT}" y="28" font-size="16">${title}</text>
${grid.join('\n')}
${drawn.join('\n')}
<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 14}" text-anchor="middle">${x}</text>
<text x="18" y="${(TOP + HEIGHT - BOTTOM) / 2}" text-anchor="middle" transform="rotate(-90 18 ${(TOP + HEIGHT - BOTTOM) / 2})">${y}</text>
</svg>
`;
}

type Scale = { readonly ticks: readonly number[]; at(value: number): number };

function scale(values: readonly number[], log: boolean, from: number, to: number): Scale {
  const of = (value: number): number => (log ? Math.log10(value) : value);
  const [low, high] = log ? [Math.floor(of(Math.min(...values))), Math.ceil(of(Math.max(...values)))] : [0, niceAbove(Math.max(...values))];
  const ticks = log ? Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i)) : Array.from({ length: 5 }, (_, i) => (high * i) / 4);
  return { ticks, at: (value) => Math.round(10 * (from + ((of(value) - low) / (high - low)) * (to - from))) / 10 };
}

/** 1, 2, 4 or 8 times a power of ten, not below a value. */
function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1e-9)));
  return ([1, 2, 4, 8, 10].find((step) => step * power >= value) ?? 10) * power;
}

function label(value: number): string {
  if (value >= 1e9) return `${value / 1e9} G`;
  if (value >= 1e6) return `${value / 1e6} M`;
  return value >= 1e4 ? `${value / 1e3} k` : String(value);
}
