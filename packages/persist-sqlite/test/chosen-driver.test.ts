import { expect, test } from "vitest";
import { chooseDriver } from "../src/drivers.ts";

test("the library is the one that the run is about", () => {
  const driver = chooseDriver(undefined)(":memory:");
  expect(driver.name).toBe(process.env.ROOTWALK_DRIVER ?? "better-sqlite3");
  driver.close();
});
