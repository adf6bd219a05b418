// Paths and components. Further algorithms are those of other libraries, over a copy of the graph.
export { type ComponentOptions, connectedComponents } from "./algorithms/components.ts";
export { type NearestOptions, type ShortestPathOptions, shortestPath } from "./algorithms/shortest-path.ts";
export { type SimplePathOptions, type SimplePathsToOptions, simplePaths } from "./algorithms/simple-paths.ts";
export { type TopologicalOptions, topologicalOrder } from "./algorithms/topological-order.ts";
export type * from "./types/algorithms.ts";
