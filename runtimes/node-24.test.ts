import { nodeSuites } from "./node-suites.ts";

nodeSuites("Node 24");
