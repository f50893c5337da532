/** Plots as SVG without scripts or fonts, readable on light and dark pages. */

export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly text: string;
  readonly ours: boolean;
}

const width = 760;
const labelWidth = 230;
const ours = "#2f7ed8";
const others = "#9aa5b1";
const ink = "#57606a";

/** A horizontal bar chart. */
export function barPlot(title: string, bars: readonly Bar[]): string {
  const most = Math.max(...bars.map(({ value }) => value));
  const rows = bars.map(({ label, value, text, ours: isOurs }, index) => {
    const y = 44 + index * 28;
    const length = Math.max(1, (value / most) * (width - labelWidth - 120));
    return [
      `<text x="${labelWidth - 10}" y="${y + 14}" text-anchor="end">${inText(label)}</text>`,
      `<rect x="${labelWidth}" y="${y}" width="${length.toFixed(1)}" height="20" rx="2" fill="${isOurs ? ours : others}"/>`,
      `<text x="${(labelWidth + length + 8).toFixed(1)}" y="${y + 14}">${inText(text)}</text>`,
    ].join("");
  });
  return frame(title, 54 + bars.length * 28, rows.join("\n"));
}

export interface Line {
  readonly label: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

const colours = ["#2f7ed8", "#8b5cf6", "#d9480f", "#2b8a3e", "#c2255c", "#0b7285", "#868e96"];

/** A line chart over a few x values, with a logarithmic y axis. */
export function linePlot(
  title: string,
  lines: readonly Line[],
  axis: { x(value: number): string; y(value: number): string },
): string {
  const all = lines.flatMap(({ points }) => points);
  const places = [...new Set(all.map(({ x }) => x))].toSorted((a, b) => a - b);
  const low = Math.floor(Math.log10(Math.min(...all.map(({ y }) => y))));
  const high = Math.ceil(Math.log10(Math.max(...all.map(({ y }) => y))));
  const [left, right, top, bottom] = [80, width - 220, 44, 330];
  const toX = (x: number) => left + (places.indexOf(x) / Math.max(1, places.length - 1)) * (right - left);
  const toY = (y: number) => bottom - ((Math.log10(y) - low) / Math.max(1, high - low)) * (bottom - top);
  const grid = Array.from({ length: high - low + 1 }, (_, step) => 10 ** (low + step)).map(
    (value) =>
      `<line x1="${left}" x2="${right}" y1="${toY(value)}" y2="${toY(value)}" stroke="${others}" stroke-opacity="0.4"/><text x="${left - 8}" y="${toY(value) + 4}" text-anchor="end">${inText(axis.y(value))}</text>`,
  );
  const marks = places.map(
    (x) => `<text x="${toX(x)}" y="${bottom + 20}" text-anchor="middle">${inText(axis.x(x))}</text>`,
  );
  const drawn = lines.map(({ label, points }, index) => {
    const colour = colours[index % colours.length];
    const path = points.map(({ x, y }) => `${toX(x).toFixed(1)},${toY(y).toFixed(1)}`).join(" ");
    const legend = top + 14 + index * 22;
    return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/><rect x="${right + 20}" y="${legend - 10}" width="12" height="12" fill="${colour}"/><text x="${right + 38}" y="${legend}">${inText(label)}</text>`;
  });
  return frame(title, bottom + 36, [...grid, ...marks, ...drawn].join("\n"));
}

const frame = (title: string, height: number, content: string): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" font-family="system-ui, sans-serif" font-size="13" fill="${ink}">
<title>${inText(title)}</title>
<text x="0" y="22" font-size="16">${inText(title)}</text>
${content}
</svg>
`;

const inText = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
