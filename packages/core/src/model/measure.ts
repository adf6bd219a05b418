import { ValidationError } from "../errors.ts";
import { objectKind } from "./value-kind.ts";

/** The most that one record may hold, by `measureBytes` of its fields: 8 MiB. */
export const maxRecordBytes: number = 8 * 1024 * 1024;

function textBytes(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    // A surrogate pair is four bytes in two units.
    if (unit > 0x7f) bytes += unit > 0x7ff && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1;
  }
  return bytes;
}

/**
 * About how many bytes a value takes when stored as JSON in UTF-8. The same value measures the same everywhere:
 * scalars other than text count with fixed sizes, escapes are not counted.
 */
export function measureBytes(value: unknown): number {
  switch (typeof value) {
    case "string":
      return textBytes(value) + 2;
    case "number":
      return 8;
    case "boolean":
      return 4;
    case "bigint":
      return 32;
    case "object":
      return value === null ? 4 : measureObject(value);
    default:
      return 0;
  }
}

function measureObject(value: object): number {
  switch (objectKind(value)) {
    case "date":
      return 36;
    case "bytes":
      return 12 + Math.ceil((value as Uint8Array).length / 3) * 4;
    case "array": {
      let bytes = 2;
      for (const item of value as unknown[]) bytes += measureBytes(item) + 1;
      return bytes;
    }
    case "map": {
      let bytes = 10;
      for (const [key, item] of value as Map<unknown, unknown>) {
        bytes += measureBytes(key) + measureBytes(item) + 4;
      }
      return bytes;
    }
    case "set": {
      let bytes = 10;
      for (const item of value as Set<unknown>) bytes += measureBytes(item) + 1;
      return bytes;
    }
    default: {
      let bytes = 2;
      for (const key of Object.keys(value)) {
        const item = (value as Record<string, unknown>)[key];
        if (item !== undefined) bytes += textBytes(key) + 4 + measureBytes(item);
      }
      return bytes;
    }
  }
}

/**
 * Size of a record's state.
 *
 * @throws {ValidationError} `RW_RECORD_TOO_LARGE` beyond `maxRecordBytes`, naming the largest field.
 */
export function requireRecordSize(typeName: string, state: object): number {
  const bytes = measureBytes(state);
  if (bytes <= maxRecordBytes) return bytes;
  let largest = "";
  let most = -1;
  for (const [field, value] of Object.entries(state)) {
    const size = measureBytes(value);
    if (size > most) {
      most = size;
      largest = field;
    }
  }
  throw new ValidationError({
    code: "RW_RECORD_TOO_LARGE",
    message: `${typeName}: the record has about ${bytes} bytes, ${most} of them in "${largest}"; the limit is ${maxRecordBytes}`,
    path: [largest],
    details: { type: typeName, bytes, limit: maxRecordBytes, field: largest },
  });
}
