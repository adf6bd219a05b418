import { rawSubject } from "./raw-ledger.ts";
import { runWriters } from "./writer.ts";

runWriters(rawSubject);
