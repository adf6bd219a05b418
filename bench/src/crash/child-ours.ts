import { oursSubject } from "./ours-ledger.ts";
import { runWriters } from "./writer.ts";

runWriters(oursSubject);
