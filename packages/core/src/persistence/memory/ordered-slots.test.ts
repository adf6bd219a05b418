import fc from "fast-check";
import { expect, test } from "vitest";
import { IdColumn, IdSource } from "../../model/id.ts";
import { IdTable, STORE } from "../../model/id-table.ts";
import { OrderedSlots } from "./ordered-slots.ts";

const COUNT = 1_500;
const source = new IdSource();
const ids = IdColumn.from(Array.from({ length: COUNT }, () => source.nextId()));
const table = new IdTable();
const slots = Array.from({ length: COUNT }, (_, i) => table.takeIn(STORE, ids, i));
const keyOf = (slot: number): string => String.fromCharCode((slot * 7) % 13);

function everything(ordered: OrderedSlots, order: "asc" | "desc" = "asc"): number[] {
  return [...ordered.between(ordered.start, ordered.end, order)];
}

test("entries stay in the order of (key, id), whatever order they came and went in", () => {
  const inOrder = (left: number, right: number): number =>
    keyOf(left) < keyOf(right) ? -1 : keyOf(left) > keyOf(right) ? 1 : left - right;
  fc.assert(
    fc.property(
      fc.shuffledSubarray(slots, { minLength: 600 }),
      fc.shuffledSubarray(slots),
      (added, removed) => {
        const ordered = new OrderedSlots(table, true);
        const model = new Set(added);
        for (const slot of added) ordered.insert(slot, keyOf(slot));
        for (const slot of removed) if (model.delete(slot)) ordered.remove(slot, keyOf(slot));
        const expected = [...model].sort(inOrder);
        expect(everything(ordered)).toEqual(expected);
        expect(everything(ordered, "desc")).toEqual(expected.toReversed());
        for (const slot of expected.slice(0, 20)) {
          const from = ordered.besideEntry(keyOf(slot), ids, slot, "after");
          expect([...ordered.between(from, ordered.end, "asc")]).toEqual(
            expected.slice(expected.indexOf(slot) + 1),
          );
          const to = ordered.besideEntry(keyOf(slot), ids, slot, "before");
          expect([...ordered.between(ordered.start, to, "desc")]).toEqual(
            expected.slice(0, expected.indexOf(slot)).toReversed(),
          );
        }
      },
    ),
    { numRuns: 30 },
  );
});

test("without keys the order is that of the ids, however they arrive", () => {
  for (const arrival of [
    slots,
    slots.toReversed(),
    slots.toSorted((a, b) => ((a * 31) % 97) - ((b * 31) % 97)),
  ]) {
    const ordered = new OrderedSlots(table, false);
    for (const slot of arrival) ordered.insert(slot, "");
    expect(everything(ordered)).toEqual(slots);
  }
});

test("a range whose ends cross is empty", () => {
  const ordered = new OrderedSlots(table, true);
  for (const slot of slots) ordered.insert(slot, keyOf(slot));
  const [low, high] = [ordered.beforeKey(String.fromCharCode(3)), ordered.beforeKey(String.fromCharCode(9))];
  expect([...ordered.between(high, low, "asc")]).toEqual([]);
  expect([...ordered.between(high, low, "desc")]).toEqual([]);
});
