/** What one committed unit saw and did. Values and elements are unique numbers, so each names its writer. */
export interface UnitRecord {
  readonly name: string;
  /** Of the process that ran it, in events: it began after everything that had ended there. */
  readonly process: number;
  readonly began: number;
  readonly ended: number;
  readonly reads: readonly { readonly register: string; readonly value: number }[];
  readonly writes: readonly { readonly register: string; readonly from: number; readonly to: number }[];
  readonly lists: readonly { readonly set: string; readonly elements: readonly number[] }[];
  readonly adds: readonly { readonly set: string; readonly element: number }[];
  readonly removes: readonly { readonly set: string; readonly element: number }[];
}

/**
 * Looks for what no serial order of the units explains: a read of something nobody committed, or a cycle of
 * dependencies (write to write, write to read, read to overwrite, and one after another in one process).
 * @returns the first anomaly in words, `undefined` where there is none
 */
export function anomaly(units: readonly UnitRecord[]): string | undefined {
  const writer = new Map<string, number>();
  const next = new Map<string, number>();
  const adder = new Map<string, number>();
  const remover = new Map<string, number>();
  const bySet = new Map<string, number[]>();
  for (const [i, { writes, adds, removes }] of units.entries()) {
    for (const { register, from, to } of writes) {
      if (next.has(`${register} ${from}`)) return `${register}: two units wrote over ${from}`;
      next.set(`${register} ${from}`, i);
      writer.set(`${register} ${to}`, i);
    }
    for (const { set, element } of adds) {
      adder.set(`${set} ${element}`, i);
      bySet.set(set, [...(bySet.get(set) ?? []), element]);
    }
    for (const { set, element } of removes) {
      if (remover.has(`${set} ${element}`)) return `${set}: two units removed ${element}`;
      remover.set(`${set} ${element}`, i);
    }
  }
  const after: Map<number, string>[] = units.map(() => new Map());
  const edge = (from: number | undefined, to: number | undefined, why: string): void => {
    if (from !== undefined && to !== undefined && from !== to) after[from]!.set(to, why);
  };
  for (const [i, unit] of units.entries()) {
    for (const { register, value } of unit.reads) {
      if (value !== 0 && !writer.has(`${register} ${value}`)) return `${register}: nobody wrote ${value}`;
      edge(writer.get(`${register} ${value}`), i, `${register} wr`);
      edge(i, next.get(`${register} ${value}`), `${register} rw`);
    }
    for (const { register, from } of unit.writes)
      edge(writer.get(`${register} ${from}`), i, `${register} ww`);
    for (const { set, elements } of unit.lists) {
      const seen = new Set(elements);
      for (const element of elements) {
        if (!adder.has(`${set} ${element}`)) return `${set}: nobody added ${element}`;
        edge(adder.get(`${set} ${element}`), i, `${set} wr`);
        edge(i, remover.get(`${set} ${element}`), `${set} rw`);
      }
      for (const element of bySet.get(set) ?? []) {
        // Of one that came and went it cannot be told whether the reader was too early or too late.
        if (!seen.has(element) && !remover.has(`${set} ${element}`))
          edge(i, adder.get(`${set} ${element}`), `${set} rw`);
      }
    }
    for (const { set, element } of unit.removes) edge(adder.get(`${set} ${element}`), i, `${set} ww`);
    for (const [j, other] of units.entries()) {
      if (other.process === unit.process && unit.ended < other.began) edge(i, j, "order");
    }
  }
  const cycle = findCycle(after);
  if (cycle === undefined) return undefined;
  return cycle
    .map((at, i) => `${units[at]!.name} -${after[at]!.get(cycle[(i + 1) % cycle.length]!)}→`)
    .join(" ");
}

/** Tarjan's algorithm; of the first component with more than one member, a cycle. */
function findCycle(after: readonly ReadonlyMap<number, string>[]): number[] | undefined {
  const index: number[] = [];
  const low: number[] = [];
  const stack: number[] = [];
  const onStack = new Set<number>();
  let count = 0;
  let found: number[] | undefined;
  const visit = (node: number): void => {
    index[node] = count;
    low[node] = count++;
    stack.push(node);
    onStack.add(node);
    for (const next of after[node]!.keys()) {
      if (index[next] === undefined) {
        visit(next);
        low[node] = Math.min(low[node]!, low[next]!);
      } else if (onStack.has(next)) low[node] = Math.min(low[node]!, index[next]!);
    }
    if (low[node] !== index[node]) return;
    const component: number[] = [];
    let member: number;
    do {
      member = stack.pop()!;
      onStack.delete(member);
      component.push(member);
    } while (member !== node);
    if (component.length > 1) found ??= shortest(after, component);
  };
  for (let node = 0; node < after.length; node++) if (index[node] === undefined) visit(node);
  return found;
}

function shortest(after: readonly ReadonlyMap<number, string>[], component: readonly number[]): number[] {
  const start = component[0]!;
  const paths: number[][] = [[start]];
  const met = new Set<number>();
  for (let path = paths.shift(); path !== undefined; path = paths.shift()) {
    for (const next of after[path.at(-1)!]!.keys()) {
      if (next === start) return path;
      if (met.has(next)) continue;
      met.add(next);
      paths.push([...path, next]);
    }
  }
  return [...component];
}
