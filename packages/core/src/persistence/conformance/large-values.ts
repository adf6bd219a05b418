import { maxIndexKeyBytes } from "../../model/index-key.ts";
import { maxRecordBytes } from "../../model/measure.ts";
import { equal, ok } from "./assert.ts";
import type { Suite } from "./suite.ts";

/** The largest data that is legal must be legal in every store. */
export function largeValueConformance(suite: Suite): void {
  suite.group("large values", () => {
    suite.test("a record of 8 MiB comes back as it was", async (session) => {
      // A few hundred bytes are left for names and punctuation.
      const name = "0123456789abcdef".repeat((maxRecordBytes - 512) / 16);
      const id = await session.newNode("Person", { name });
      const found = (await session.node(id))?.fields as { name: string } | undefined;
      ok(found?.name === name, "a text of nearly 8 MiB");

      const bytes = new Uint8Array((maxRecordBytes / 4) * 3 - 512).map((_, i) => i);
      await session.commit(session.draft().write("Person", id, 1, { bytes }));
      const again = (await session.node(id))?.fields as { bytes: Uint8Array };
      ok(
        again.bytes.length === bytes.length && again.bytes.every((byte, i) => byte === (i & 255)),
        "6 MiB of bytes",
      );
    });

    suite.test("an index key of 1 KiB is found, held unique and paged past", async (session) => {
      // A key has a byte for the kind and one that ends the text.
      const email = "k".repeat(maxIndexKeyBytes - 2);
      const draft = session.draft();
      const id = draft.node("Person", { email });
      const next = draft.node("Person", { email: `${email.slice(0, -1)}l` });
      await session.commit(draft);
      equal((await session.lookup({ index: "Person.email", equals: [email] })).ids, [id], "by its key");
      equal(
        (await session.lookup({ index: "Person.email", after: { key: [email], id } })).ids,
        [next],
        "after it",
      );
      const again = session.draft();
      again.node("Person", { email });
      equal((await session.offer(again)).status, "duplicate", "a second record of the key");
    });

    suite.test("a batch of several thousand records is one commit", async (session) => {
      const draft = session.draft();
      const hub = draft.node("Person");
      for (let i = 0; i < 4_000; i++) draft.edge("Knows", hub, draft.node("Room", { name: `room ${i}` }));
      await session.commit(draft);
      const last = draft.edges.ids.at(3_999);
      const page = await session.around(hub, { order: "desc", limit: 1 });
      equal([page.edges, page.more], [[last], true], "the newest edge");
    });
  });
}
