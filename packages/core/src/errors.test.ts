import { describe, expect, test } from "vitest";
import {
  AccessDeniedError,
  ClosedError,
  CommitUnknownError,
  ConflictError,
  CorruptRecordError,
  type ErrorCategory,
  type ErrorCode,
  errorCodes,
  GraphError,
  NewerShapeError,
  NotFoundError,
  TierUnavailableError,
  UniqueViolationError,
  UnitTooLargeError,
  ValidationError,
  WalkLimitError,
} from "./errors.ts";

const categories: Readonly<Record<ErrorCategory, string>> = {
  user: "Input that is refused",
  constraint: "Rules that held",
  system: "Stores and the machinery below",
};

/** The page docs/errors.md, as the catalogue wants it. */
function errorsPage(): string {
  const lines = [
    "# Errors",
    "",
    "Every error about data, rules or stores is a `GraphError` with `code`, `category`, `message`, `remedy`, `details`",
    "and `cause`; some kinds have a subclass with more. Codes are stable, wording may improve. A wrong argument type is a",
    "plain `TypeError`. Nothing half-written stays behind an error.",
    "",
    "A test keeps this page equal to `packages/core/src/error-codes.ts`; `npx vitest -u errors` rewrites it.",
  ];
  for (const [category, title] of Object.entries(categories)) {
    lines.push(
      "",
      `## ${title}: \`${category}\``,
      "",
      "| code | what happened | what to do |",
      "|---|---|---|",
    );
    for (const [code, entry] of Object.entries(errorCodes)) {
      if (entry.category === category) lines.push(`| \`${code}\` | ${entry.summary} | ${entry.remedy} |`);
    }
  }
  return `${lines.join("\n")}\n`;
}

test("docs/errors.md lists every code with its remedy", async () => {
  await expect(errorsPage()).toMatchFileSnapshot("../../../docs/errors.md");
});

test("every code says in sentences what happened and what to do", () => {
  for (const [code, { summary, remedy }] of Object.entries(errorCodes)) {
    expect(code).toMatch(/^RW_[A-Z]+(_[A-Z]+)*$/);
    expect(`${summary} ${remedy}`, code).toMatch(/^[A-Z].*\. [A-Z].*\.$/);
    expect(summary, "a cell of a table").not.toMatch(/[|\n]/);
  }
});

describe("an error", () => {
  test("takes its category and remedy from the catalogue", () => {
    const error = new GraphError({ code: "RW_STORE_FORMAT", details: { path: "a.db" } });
    expect(error).toBeInstanceOf(Error);
    expect(error.message).toBe(errorCodes.RW_STORE_FORMAT.summary);
    expect(error.category).toBe("system");
    expect(error.remedy).toBe(errorCodes.RW_STORE_FORMAT.remedy);
    expect(error.details).toEqual({ path: "a.db" });
    expect(error.cause).toBeUndefined();
  });

  test("says more where its thrower knows more", () => {
    const cause = new Error("ENOENT");
    const error = new GraphError({ code: "RW_STORE_DRIVER", message: "No driver", remedy: "npm i x", cause });
    expect(error).toMatchObject({ message: "No driver", remedy: "npm i x", cause });
  });

  test("leaves the process without stack and cause", () => {
    const error = new ConflictError({ cause: new Error("secret"), details: { attempts: 5 } });
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      name: "ConflictError",
      code: "RW_CONFLICT",
      category: "constraint",
      message: errorCodes.RW_CONFLICT.summary,
      remedy: errorCodes.RW_CONFLICT.remedy,
      details: { attempts: 5 },
    });
  });
});

test.each<[GraphError, string, ErrorCode]>([
  [new ConflictError(), "ConflictError", "RW_CONFLICT"],
  [new NotFoundError(), "NotFoundError", "RW_NOT_FOUND"],
  [new TierUnavailableError(), "TierUnavailableError", "RW_TIER_UNAVAILABLE"],
  [new CommitUnknownError(), "CommitUnknownError", "RW_COMMIT_UNKNOWN"],
  [new CorruptRecordError(), "CorruptRecordError", "RW_CORRUPT_RECORD"],
  [new WalkLimitError(), "WalkLimitError", "RW_WALK_LIMIT"],
  [new UnitTooLargeError(), "UnitTooLargeError", "RW_UNIT_TOO_LARGE"],
  [new NewerShapeError(), "NewerShapeError", "RW_NEWER_SHAPE"],
  [new ClosedError(), "ClosedError", "RW_CLOSED"],
])("%s has its own name and code", (error, name, code) => {
  expect(error).toBeInstanceOf(GraphError);
  expect(error).toMatchObject({ name, code });
  expect(String(error)).toBe(`${name}: ${error.message}`);
});

test("a subclass keeps a more exact code that it is given", () => {
  expect(new ConflictError({ code: "RW_CONFLICT_NESTED" }).code).toBe("RW_CONFLICT_NESTED");
});

test("a ValidationError names the place and the kind of the value", () => {
  const error = new ValidationError({ code: "RW_VALUE_KIND", path: ["users", 2], valueKind: "function" });
  expect(error).toMatchObject({ name: "ValidationError", path: ["users", 2], valueKind: "function" });
  expect(error.toJSON()).toMatchObject({ path: ["users", 2], valueKind: "function" });
});

test("an AccessDeniedError names the target and both levels", () => {
  const error = new AccessDeniedError({ target: "id-1", required: "write", actual: "read" });
  expect(error.message).toBe('"write" on id-1 is required, the principal has "read"');
  expect(error.toJSON()).toMatchObject({ target: "id-1", required: "write", actual: "read" });
});

test("a UniqueViolationError names the key and no record", () => {
  const error = new UniqueViolationError({ type: "Room", fields: ["name", "topic"], values: ["a", "b"] });
  expect(error.message).toBe("A Room with the same name, topic exists");
  expect(error.toJSON()).toMatchObject({ type: "Room", fields: ["name", "topic"] });
  const other = new UniqueViolationError({ type: "Order", fields: ["number"], values: [7] });
  expect(other.message).toBe("An Order with the same number exists");
});
