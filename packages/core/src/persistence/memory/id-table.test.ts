import fc from "fast-check";
import { expect, test } from "vitest";
import { IdColumn, IdSource } from "../../model/id.ts";
import { IdTable } from "./id-table.ts";

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
        if (slot === undefined) slots.set(id, table.addText(id));
        else {
          table.release(slot);
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
  const first = table.add(ids, 0);
  table.add(ids, 1);
  table.release(first);
  expect(table.add(ids, 2)).toBe(first);
  expect(table.text(first)).toBe(ids.at(2));
});
