import fc from "fast-check";
import { expect, test } from "vitest";
import { LocationQueue, type QueueSnapshot } from "./location-queue.ts";
import { LocationSet } from "./location-set.ts";
import { LocationStack, type StackSnapshot } from "./location-stack.ts";

// Laws: a queue is an array with shift and splice, a stack one with push and pop, and what a snapshot was taken of can
// be had again whatever happened since. A set of locations is a Set.

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("shift" as const), times: fc.integer({ min: 1, max: 900 }) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("insert" as const),
      count: fc.oneof(fc.nat(5), fc.nat(2000)),
      at: fc.option(fc.integer({ min: -8, max: 8 }), { nil: undefined }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("snapshot" as const) }) },
);

test("a queue is an array that keeps its snapshots", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let queue = new LocationQueue();
      const model: number[] = [];
      let next = 0;
      const snapshots: { snapshot: QueueSnapshot; model: number[] }[] = [];
      for (const step of steps) {
        if (step.do === "snapshot") snapshots.push({ snapshot: queue.snapshot(), model: [...model] });
        else if (step.do === "insert") {
          const locations = Array.from({ length: step.count }, () => next++);
          queue.insert(locations, step.at);
          const at = step.at ?? -1;
          model.splice(at >= 0 ? at : Math.max(0, model.length + 1 + at), 0, ...locations);
        } else {
          for (let times = 0; times < step.times && model.length > 0; times++) {
            expect(queue.first()).toBe(model[0]);
            expect(queue.shift()).toBe(model.shift());
          }
        }
        expect(queue.length).toBe(model.length);
        expect(queue.peek(3)).toEqual(model.slice(0, 3));
      }
      for (const { snapshot, model } of snapshots) {
        queue = new LocationQueue(snapshot);
        expect(queue.peek(queue.length)).toEqual(model);
      }
    }),
  );
});

test("a stack is an array that keeps its snapshots", () => {
  const step = fc.constantFrom("push", "push", "pop", "snapshot");
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const stack = new LocationStack();
      const model: number[] = [];
      const snapshots: { snapshot: StackSnapshot; model: number[] }[] = [];
      for (const [number, step] of steps.entries()) {
        if (step === "snapshot") snapshots.push({ snapshot: stack.snapshot(), model: [...model] });
        else if (step === "push") {
          stack.push(number);
          model.push(number);
        } else if (model.length > 0) expect(stack.pop()).toBe(model.pop());
        expect(stack.length).toBe(model.length);
        expect(stack.peek(2)).toEqual(model.slice(-2).reverse());
      }
      for (const { snapshot, model } of snapshots) {
        const again = new LocationStack(snapshot);
        expect(again.peek(again.length)).toEqual(model.reverse());
      }
    }),
  );
});

test("a set is a Set that keeps its snapshots", () => {
  const location = fc.oneof(fc.nat(40), fc.nat(20_000_000));
  fc.assert(
    fc.property(fc.array(location), fc.nat(10), (locations, kept) => {
      const set = new LocationSet();
      const model = new Set<number>();
      for (const location of locations) {
        expect(set.has(location)).toBe(model.has(location));
        set.add(location);
        model.add(location);
        expect(set.has(location)).toBe(true);
      }
      const snapshot = set.snapshot();
      expect(snapshot.order).toEqual([...model]);
      const size = Math.min(kept, snapshot.size);
      const before = new LocationSet({ order: snapshot.order, size });
      for (const [i, location] of snapshot.order.entries()) expect(before.has(location)).toBe(i < size);
    }),
  );
});
