import { inspect, types } from "node:util";

/**
 * A value as an error message may show it: short, on one line, long strings cut. An object is shown by its kind only, because it may be
 * an event or contain a secret.
 */
export function shown(value: unknown): string {
  if ((typeof value === "object" && value !== null) || typeof value === "function") return kindOf(value);
  return inspect(value, { breakLength: Number.POSITIVE_INFINITY, maxStringLength: 80 });
}

/**
 * The kind of a value without its content, for errors about arguments that may be an event or a secret: `a function`, `text`, `an object
 * of class Order`.
 */
export function kindOf(value: unknown): string {
  switch (typeof value) {
    case "undefined":
      return "undefined";
    case "string":
      return "text";
    case "object":
      return value === null ? "null" : kindOfObject(value);
    default:
      return `a ${typeof value}`;
  }
}

function kindOfObject(value: object): string {
  try {
    return kindOfReadable(value);
  } catch {
    // A proxy that was revoked, or a getter that throws.
    return "an object that cannot be looked at";
  }
}

function kindOfReadable(value: object): string {
  if (Array.isArray(value)) return "an array";
  if (types.isPromise(value)) return "a promise: await it first";
  if ("kind" in value && (value.kind === "topic" || value.kind === "subscription") && "name" in value) {
    return `the ${value.kind} "${String(value.name)}"`;
  }
  const { constructor } = value as { readonly constructor?: unknown };
  if (typeof constructor !== "function" || constructor === Object || constructor.name === "") return "an object";
  return `an object of class ${constructor.name}`;
}
