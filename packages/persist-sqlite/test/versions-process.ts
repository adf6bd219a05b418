import { type Id, NewerShapeError, openGraph, via } from "@rootwalk/core";
import { sqlite } from "../src/index.ts";
import { versions } from "./versions.ts";

// One version of an app at work beside another one: `versions-process.ts PATH old|current TIMES TALLY ACCOUNT…`. It says
// what was acknowledged to it: `{"counted": …, "paid": …, "refused": …}`.

const [path = "", version = "", times = "", tally = "", ...accounts] = process.argv.slice(2) as [
  string,
  string,
  string,
  Id,
  ...Id[],
];
const { old, current } = versions;
const isOld = version === "old";
const graph = await openGraph({
  types: isOld ? old.types : current.types,
  store: sqlite(path, { durability: "normal" }),
  attempts: 100,
});
process.stdout.write("open\n");

const done = { counted: 0, paid: 0, refused: 0 };

async function count(i: number): Promise<void> {
  const code = `${version} ${i}`;
  if (isOld) {
    await graph.transaction(async (tx) => {
      const counter = await tx.require(old.Counter, tally);
      counter.count += 1;
      counter.connect(old.Item, { code }, via(old.Made, { by: version }));
    });
  } else {
    await graph.transaction(async (tx) => {
      const counter = await tx.require(current.Tally, tally);
      counter.count += 1;
      if (i % 3 === 0) counter.connect(current.Parcel, { code, to: "x" }, via(current.Made, { by: version }));
      else counter.connect(current.Item, { code, size: i }, via(current.Made, { by: version }));
    });
  }
  done.counted += 1;
}

async function pay(account: Id): Promise<void> {
  try {
    await graph.transaction(async (tx) => {
      if (isOld) {
        const paid = await tx.require(old.Account, account);
        paid.euros = String(Number(paid.euros) + 1);
      } else {
        (await tx.require(current.Account, account)).cents += 100;
      }
    });
    done.paid += 1;
  } catch (error) {
    if (!(error instanceof NewerShapeError)) throw error;
    done.refused += 1;
  }
}

// The old one stays until it has met what the newer one has written: that sweeps over everything.
for (let i = 0; i < Number(times) || (isOld && done.refused === 0); i++) {
  await count(i);
  // The newer version comes to each account later, and from the other end.
  const turn = isOld ? i : accounts.length * 2 - 1 - i;
  await pay(accounts[((turn % accounts.length) + accounts.length) % accounts.length] as Id);
  if (!isOld && i === Number(times) >> 1) await graph.sweep();
  await new Promise((resolve) => setTimeout(resolve, 1));
}
process.stdout.write(`done ${JSON.stringify(done)}\n`);
await graph.close();
