import type { Result } from "./harness.ts";

const COLUMNS = [
  ["id", 6],
  ["what", 51],
  ["against", 30],
  ["ours", 10],
  ["peer", 10],
  ["ratio", 7],
  ["90 % interval", 15],
  ["floor", 7],
  ["target", 7],
] as const;

const NUMERIC_FROM = 3;

export function header(): string {
  return `${line(COLUMNS.map(([name]) => name))}\n${line(COLUMNS.map(([, width]) => "-".repeat(width)))}`;
}

/** A row of the table; a failed one says so, and why where the floor is not the reason. */
export function tableRow(result: Result): string {
  const { id, what, peerName, unit, compare, ours, peer, ratio, interval, floor, target, pass, reason } =
    result;
  const absolute = compare === "absolute";
  const sign = compare === "speedup" ? "≥" : "≤";
  const bound = (value: number) => `${sign} ${absolute ? `${value} ${unit}` : `${value}×`}`;
  const cells = line([
    id,
    what,
    peerName ?? "",
    cost(ours, unit),
    cost(peer, unit),
    absolute || ratio === undefined ? "" : `${significant(ratio)}×`,
    absolute || interval === undefined ? "" : `${significant(interval.low)} … ${significant(interval.high)}`,
    bound(floor),
    bound(target),
  ]);
  if (pass) return cells;
  return `${cells}  FAILED${reason === undefined ? "" : `\n       ${reason}`}`;
}

/** What `--json` writes for a row. Figures that could not be had are null. */
export function jsonRow(result: Result): Record<string, unknown> {
  const { id, what, ours, peer, peerName, ratio, floor, target, pass, unit, compare, interval, reason } =
    result;
  return {
    id,
    what,
    ours: ours ?? null,
    peer: peer ?? null,
    peerName: peerName ?? null,
    ratio: compare === "absolute" ? null : (ratio ?? null),
    floor,
    target,
    pass,
    unit,
    compare,
    interval: interval ?? null,
    ...(reason !== undefined && { reason }),
  };
}

function line(cells: readonly string[]): string {
  return cells
    .map((cell, column) => {
      const width = COLUMNS[column]?.[1] ?? 0;
      return column < NUMERIC_FROM ? cell.padEnd(width) : cell.padStart(width);
    })
    .join("  ")
    .trimEnd();
}

function cost(value: number | undefined, unit: string): string {
  return value === undefined ? "" : `${significant(value)} ${unit}`;
}

/** Three significant digits, never in exponents. */
export function significant(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const digits = value === 0 ? 0 : 2 - Math.floor(Math.log10(Math.abs(value)));
  return value.toFixed(Math.min(6, Math.max(0, digits)));
}
