const UTF8 = new TextDecoder("utf-8", { fatal: true });

/**
 * A header of a foreign message as text: strings unchanged, numbers and booleans as JavaScript writes them, dates in ISO 8601,
 * decimals in decimal notation, bytes as UTF-8 if they are valid UTF-8 and otherwise as base64, tables and arrays as JSON,
 * void as the empty string.
 */
export function headerText(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return value.toString();
  if (typeof value !== "object" || value === null) return "";
  return scalarText(value) ?? jsonText(value);
}

/** Anybody can send a table that is nested too deep for the stack. */
function jsonText(value: object): string {
  try {
    return JSON.stringify(value, jsonValue);
  } catch {
    return "";
  }
}

/** The replacer gets a `Buffer` only after `toJSON`, so this reads the original from its holder. */
function jsonValue(this: unknown, key: string, value: unknown): unknown {
  const original: unknown = (this as Record<string, unknown>)[key];
  return typeof original === "object" && original !== null ? (scalarText(original) ?? value) : value;
}

function scalarText(value: object): string | undefined {
  if (Buffer.isBuffer(value)) return bytesText(value);
  const typed = value as { "!"?: unknown; value?: unknown };
  if (typed["!"] === "timestamp" && typeof typed.value === "number") return dateText(typed.value);
  if (typed["!"] === "decimal") return decimalText(typed.value);
  return undefined;
}

function bytesText(bytes: Buffer): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    return bytes.toString("base64");
  }
}

function dateText(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? String(seconds) : date.toISOString();
}

function decimalText(value: unknown): string | undefined {
  const { places, digits } = (value ?? {}) as { places?: unknown; digits?: unknown };
  if (typeof places !== "number" || typeof digits !== "number") return undefined;
  const text = String(digits).padStart(places + 1, "0");
  return places === 0 ? text : `${text.slice(0, -places)}.${text.slice(-places)}`;
}
