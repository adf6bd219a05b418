import fc from "fast-check";
import { expect, test } from "vitest";
import { IdColumn, IdSource } from "./id.ts";
import { EdgeIdTable, IdTable, RESIDENT, STORE } from "./id-table.ts";

test("finds every id that was added and not released, whatever came and went", () => {
  const ids = new IdSource();
  const known = Array.from({ length: 64 }, () => ids.nextId());
  fc.assert(
    fc.property(fc.array(fc.nat(63), { maxLength: 400 }), (toggles) => {
      const table = new IdTable();
      const slots = new Map<string, number>();
      for (const i of toggles) {
        const id = known[i]!;
        const slot = slots.get(id);
        if (slot === undefined) slots.set(id, table.takeText(STORE, id));
        else {
          table.release(STORE, slot);
          slots.delete(id);
        }
      }
      expect(table.size).toBe(slots.size);
      expect(new Set(slots.values()).size).toBe(slots.size);
      for (const id of known) expect(table.findText(id)).toBe(slots.get(id) ?? -1);
    }),
  );
});

test("gives a released slot to the next id", () => {
  const ids = IdColumn.from([new IdSource().nextId(), new IdSource().nextId(), new IdSource().nextId()]);
  const table = new IdTable();
  const first = table.takeIn(STORE, ids, 0);
  table.takeIn(STORE, ids, 1);
  table.release(STORE, first);
  expect(table.takeIn(STORE, ids, 2)).toBe(first);
  expect(table.text(first)).toBe(ids.at(2));
});

test("both holders have one slot for an id, which is free when neither holds it", () => {
  const [id, other] = [new IdSource().nextId(), new IdSource().nextId()];
  const table = new IdTable();
  const slot = table.takeText(RESIDENT, id);
  expect(table.isHeld(slot, STORE)).toBe(false);
  expect(table.takeText(STORE, id)).toBe(slot);
  table.release(RESIDENT, slot);
  expect(table.findText(id)).toBe(slot);
  expect(table.takeText(STORE, other)).not.toBe(slot);
  table.release(STORE, slot);
  expect(table.findText(id)).toBe(-1);
  expect(table.size).toBe(1);
});

test("a holder that takes an id again gets a new slot, and keeps the one it had until it lets it go", () => {
  const id = new IdSource().nextId();
  const table = new IdTable();
  const before = table.takeText(RESIDENT, id);
  const after = table.takeText(RESIDENT, id);
  expect(after).not.toBe(before);
  expect(table.findText(id)).toBe(after);
  expect(table.text(before)).toBe(id);
  table.release(RESIDENT, before);
  expect(table.findText(id)).toBe(after);
});

test("an id that both hold cannot be taken again by one of them", () => {
  const id = new IdSource().nextId();
  const table = new IdTable();
  const slot = table.takeText(RESIDENT, id);
  table.takeText(STORE, id);
  expect(table.takeText(RESIDENT, id)).toBe(-1);
  expect(table.findText(id)).toBe(slot);
});

test("what one holder has moves to a table of its own under the same numbers", () => {
  const source = new IdSource();
  const ids = Array.from({ length: 100 }, () => source.nextId());
  const lent = new EdgeIdTable();
  for (const [i, id] of ids.entries()) {
    const slot = lent.takeText(i % 2 === 0 ? STORE : RESIDENT, id);
    if (i % 6 === 0) lent.takeText(RESIDENT, id);
    lent.sources[slot] = i;
  }
  const kept = ids.filter((_, i) => i % 2 === 1 || i % 6 === 0).map((id) => [id, lent.findText(id)] as const);
  const own = new EdgeIdTable();
  lent.moveTo(own, RESIDENT);
  expect(own.size).toBe(kept.length);
  for (const [id, slot] of kept) {
    expect(own.findText(id)).toBe(slot);
    expect(own.sources[slot]).toBe(ids.indexOf(id));
  }
  expect(lent.size).toBe(50);
  for (const [i, id] of ids.entries()) expect(lent.findText(id) >= 0).toBe(i % 2 === 0);
  const taken = own.takeText(RESIDENT, source.nextId());
  expect(kept.map(([, slot]) => slot)).not.toContain(taken);
});
