import { followScript, type Order } from "./script.ts";

await followScript(JSON.parse(process.argv[2] ?? "") as Order);
