// The packages are ES modules, so jest runs as NODE_OPTIONS=--experimental-vm-modules lets it, TypeScript included.
export default {
  testMatch: ["**/*.jest.ts"],
  extensionsToTreatAsEsm: [".ts"],
  transform: {
    "\\.ts$": [
      "@swc/jest",
      { jsc: { parser: { syntax: "typescript" }, target: "es2022" }, module: { type: "es6" } },
    ],
  },
};
