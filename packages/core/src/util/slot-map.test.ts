import fc from "fast-check";
import { expect, test } from "vitest";
import { SlotMap } from "./slot-map.ts";

test("is a Map without deletion", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.oneof(fc.nat(20), fc.nat(2 ** 30)), fc.nat()), { maxLength: 300 }),
      (steps) => {
        const map = new SlotMap<number>();
        const model = new Map<number, number>();
        for (const [key, value] of steps) {
          expect(map.get(key)).toBe(model.get(key));
          expect(map.has(key)).toBe(model.has(key));
          if (model.has(key)) continue;
          map.add(key, value);
          model.set(key, value);
        }
        expect(map.size).toBe(model.size);
        expect([...map]).toEqual([...model]);
        for (const [position, [key, value]] of [...model].entries()) {
          expect(map.keyAt(position)).toBe(key);
          expect(map.valueAt(position)).toBe(value);
        }
        for (const [key, value] of model) expect(map.get(key)).toBe(value);
      },
    ),
  );
});
