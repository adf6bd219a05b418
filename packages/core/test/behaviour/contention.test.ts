import { expect, it } from "vitest";
import { z } from "zod";
import { memory, node, openGraph } from "../../src/index.ts";
import { forEachStore } from "./stores.ts";

class Account extends node("Account", { number: z.int(), balance: z.int() }, { unique: ["number"] }) {}

forEachStore("units that want the same few records in different orders", (open) => {
  it("all succeed, for the last attempt of each loses to none of the others", async () => {
    const graph = await open({ types: [Account] });
    await graph.transaction((tx) =>
      tx.create(
        Account,
        [0, 1, 2, 3].map((number) => ({ number, balance: 100 })),
      ),
    );
    const transfers = Array.from({ length: 120 }, (_, i) => ({
      from: i % 4,
      to: (i * 7 + 1 + (i >> 3)) % 4,
    }));
    await Promise.all(
      transfers.map(({ from, to }) =>
        graph.transaction(async (tx) => {
          (await tx.nodes(Account, { number: from }).one()).balance -= 1;
          (await tx.nodes(Account, { number: to }).one()).balance += 1;
        }),
      ),
    );
    const accounts = await graph.nodes(Account).orderBy("number").all();
    const expected = [0, 1, 2, 3].map(
      (number) =>
        100 -
        transfers.filter(({ from }) => from === number).length +
        transfers.filter(({ to }) => to === number).length,
    );
    expect(accounts.map(({ balance }) => balance)).toEqual(expected);
  });
});

it("a last attempt waits for that of another process, to which it would lose", async () => {
  let refusals = 0;
  let isHeld = false;
  const store = Object.assign(memory(), {
    lease: () => {
      isHeld = refusals === 3;
      if (!isHeld) refusals += 1;
      return isHeld;
    },
    release: () => {},
  });
  const graph = await openGraph({ types: [Account], store });
  const { id } = await graph.transaction((tx) => tx.create(Account, { number: 1, balance: 0 }));
  const add = (amount: number, meanwhile: () => Promise<void>): Promise<void> =>
    graph.transaction(async (tx) => {
      const account = await tx.require(Account, id);
      account.balance += amount;
      await meanwhile();
    });
  let attempts = 0;
  await add(1, async () => {
    attempts += 1;
    // As long as somebody else has the lease, others commit first.
    if (!isHeld) await add(10, async () => {});
  });
  expect({ attempts, refusals }).toEqual({ attempts: 5, refusals: 3 });
  expect((await graph.require(Account, id)).balance).toBe(41);
  await graph.close();
});
