import { behindDefaults, type Schema } from "../../schema/field.ts";
import { arkShape, isArk } from "./arktype.ts";
import { describedShape, saysJsonSchema } from "./json-schema.ts";
import type { Shape } from "./shape.ts";
import { isValibot, valibotShape } from "./valibot.ts";
import { isZod, zodShape } from "./zod.ts";

/** What a schema takes in: of zod 4, valibot and arktype by what they are, of others by what they say of themselves. */
export function schemaShape(schema: Schema): Shape {
  const behind = behindDefaults.get(schema);
  if (behind !== undefined) return { kind: "optional", inner: schemaShape(behind) };
  if (isZod(schema)) return zodShape(schema);
  if (isValibot(schema)) return valibotShape(schema);
  if (isArk(schema)) return arkShape(schema);
  const described = saysJsonSchema(schema) ? describedShape(schema) : undefined;
  const { vendor } = (schema as Schema)["~standard"];
  return (
    described ?? {
      kind: "unknown",
      what: `a validator of ${vendor}, which does not say what it takes`,
      at: [],
    }
  );
}
