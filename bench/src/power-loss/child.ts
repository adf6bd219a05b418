import { type Order, work } from "./workload.ts";

await work(JSON.parse(process.argv[2] ?? "") as Order);
