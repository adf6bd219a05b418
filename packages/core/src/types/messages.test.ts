import { expect, test } from "vitest";
import { checkTypes } from "../../test/type-check.ts";

// What the compiler says of the mistakes that are made most. Where several signatures could be meant, some versions of
// it explain the last one alone: so that is the one that nearly all calls mean.

const schema = `
import { z } from "zod";
import { edge, via } from "../schema/edge.ts";
import { node } from "../schema/node.ts";
import type { Tx } from "./tx.ts";
class Customer extends node("Customer", { name: z.string() }) {}
class Order extends node("Order", { number: z.string(), quantity: z.int(), at: z.date() }) {}
class Placed extends edge("Placed", {}, { from: Customer, to: Order }) {}
declare const tx: Tx;
declare const customer: Customer;
`;

/** The last line of what is said of each mistake: what it comes down to. */
function saidOf(...mistakes: readonly string[]): (string | undefined)[] {
  return checkTypes(schema + mistakes.map((mistake) => `${mistake};`).join("\n")).errors.map((message) =>
    message.split("\n").at(-1)?.trim(),
  );
}

test("a wrong or misspelt field is named where an object is created, connected or ensured", () => {
  const order = `{ number: "O1", quantity: "1", at: new Date() }`;
  expect(
    saidOf(
      `tx.create(Customer, { nmae: "ann" })`,
      `tx.create(Order, ${order})`,
      `customer.connect(Order, ${order})`,
      `customer.connect(Order, ${order}, via(Placed))`,
      `tx.ensure(Customer, { nmae: "ann" })`,
    ),
  ).toEqual([
    "Object literal may only specify known properties, and 'nmae' does not exist in type '{ readonly name: string; }'.",
    "Type 'string' is not assignable to type 'number'.",
    "Type 'string' is not assignable to type 'number'.",
    "Type 'string' is not assignable to type 'number'.",
    expect.stringContaining("'nmae' does not exist in type"),
  ]);
});

test("an edge that does not end at such nodes is named", () => {
  expect(saidOf(`customer.connect(Customer, { name: "bob" }, via(Placed))`)).toEqual([
    expect.stringContaining("this edge type does not end at this node type"),
  ]);
});

test("what is read from JSON makes one node", () => {
  expect(
    saidOf(`tx.create(Customer, JSON.parse("{}")).name`, `customer.connect(Order, JSON.parse("{}")).at`),
  ).toEqual([]);
});
