import { isPlainObject } from "../base/plain-object.ts";
import { types } from "node:util";

/** A part of a value that JSON changes. */
export interface InexactPart {
  /** The keys from the event to the part. */
  readonly path: readonly (string | number)[];
  readonly value: unknown;
  readonly fate: Fate;
}

/** How JSON changes a value. */
export interface Fate {
  /** `a Date, which arrives as text`. */
  readonly words: string;
  readonly remedy: string;
  /** Whether only the form changes and not the content. That matters only to a schema. */
  readonly formOnly?: boolean;
}

/** The largest number of parts that are found. An error names the first ones, and a schema decides about each. */
const MAX_PARTS = 1000;

/**
 * Whether JSON keeps the whole content of a value. -0 counts as 0. With `formCounts`, JSON must keep the form too: it leaves out fields
 * that are `undefined`, and makes a plain object of an instance of a class.
 *
 * Called for every event after `JSON.stringify`, which refuses cycles. Allocates nothing.
 */
export function isExactInJson(value: unknown, formCounts: boolean): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return Number.isFinite(value);
    case "object":
      return value === null || isExactObject(value, formCounts);
    default:
      return false;
  }
}

function isExactObject(value: object, formCounts: boolean): boolean {
  if (Array.isArray(value)) {
    // By index, because a hole arrives as null, like undefined.
    for (let index = 0; index < value.length; index += 1) {
      const element: unknown = value[index];
      if (typeof element !== "string" && !isExactInJson(element, formCounts)) return false;
    }
    return true;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null && !isExactInstance(value, formCounts)) return false;
  const fields = value as Readonly<Record<string, unknown>>;
  for (const key in fields) {
    const field = fields[key];
    // Most fields are text, and the check here saves a call.
    if (typeof field === "string" || (field === undefined && !formCounts)) continue;
    if (!isExactInJson(field, formCounts) && Object.hasOwn(fields, key)) return false;
  }
  return true;
}

function isExactInstance(value: object, formCounts: boolean): boolean {
  const fate = fateOfInstance(value);
  return fate === undefined || (fate.formOnly === true && !formCounts);
}

const TAKES_TEXT = "give the topic a schema that takes text as well, as z.coerce.date() does";

/** How JSON changes an object with its own prototype; `undefined` when it is a plain object. */
function fateOfInstance(value: object): Fate | undefined {
  if (types.isDate(value)) {
    return Number.isNaN(value.getTime())
      ? { words: "an invalid Date, which arrives as null", remedy: "publish a valid one" }
      : { words: "a Date, which arrives as text", remedy: `publish its toISOString(), or ${TAKES_TEXT}` };
  }
  const name = className(value);
  if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) {
    return {
      words: `a ${name}, which arrives as something else`,
      remedy: "publish it as base64 text, or use the bytes codec",
    };
  }
  if ("toJSON" in value && typeof value.toJSON === "function") {
    return {
      words: `an object of class ${name}, which arrives as what its toJSON() makes of it`,
      remedy: "publish that, or give the topic a schema that takes it as well",
    };
  }
  if (types.isMap(value) || types.isSet(value)) {
    return { words: `a ${name}, which arrives as {}`, remedy: "publish an array of its entries" };
  }
  if (types.isBoxedPrimitive(value)) {
    return { words: `a ${name} object, which arrives as a primitive`, remedy: "publish its valueOf()" };
  }
  const isOpaque = types.isNativeError(value) || types.isRegExp(value) || types.isPromise(value);
  // A plain object of another realm, as in test runners and `vm`.
  if (!isOpaque && isPlainObject(value)) return undefined;
  const formOnly = !isOpaque && Object.keys(value).length > 0;
  const becomes = formOnly ? "as a plain object" : "without what is in it";
  return { words: `an object of class ${name}, which arrives ${becomes}`, remedy: "publish a plain object", formOnly };
}

function className(value: object): string {
  const { constructor } = value as { readonly constructor?: unknown };
  return typeof constructor === "function" && constructor.name !== "" ? constructor.name : "without a name";
}

function fateOf(value: unknown, inArray: boolean): Fate | undefined {
  switch (typeof value) {
    case "number":
      if (Number.isFinite(value)) return undefined;
      return { words: `${value}, which arrives as null`, remedy: "publish null, or leave it out" };
    case "bigint":
      return { words: "a bigint, which JSON does not have", remedy: "publish it as text" };
    case "function":
    case "symbol":
    case "undefined": {
      const words = typeof value === "undefined" ? "undefined" : `a ${typeof value}`;
      return inArray
        ? { words: `${words} in an array, which arrives as null`, remedy: "publish null, or leave it out" }
        : { words: `${words}, which is left out`, remedy: "leave it out", formOnly: typeof value === "undefined" };
    }
    case "object": {
      if (value === null || Array.isArray(value)) return undefined;
      const prototype: unknown = Object.getPrototypeOf(value);
      return prototype === null || prototype === Object.prototype ? undefined : fateOfInstance(value);
    }
    default:
      return undefined;
  }
}

/** The parts that JSON changes or refuses, also cycles. Called only when there are such parts. */
export function inexactParts(value: unknown, formCounts: boolean): readonly InexactPart[] {
  const parts: InexactPart[] = [];
  const above = new Set<unknown>();
  const path: (string | number)[] = [];
  const look = (part: unknown, inArray: boolean): void => {
    if (typeof part === "string" || parts.length >= MAX_PARTS) return;
    const fate = above.has(part) ? CYCLE : fateOf(part, inArray);
    const counts = fate !== undefined && (formCounts || fate.formOnly !== true);
    if (counts) parts.push({ path: [...path], value: part, fate });
    if (typeof part !== "object" || part === null || (fate !== undefined && fate.formOnly !== true)) return;
    above.add(part);
    const isArray = Array.isArray(part);
    const length = isArray ? part.length : 0;
    for (let index = 0; index < length; index += 1) lookBelow(index, part[index as never], true);
    if (!isArray) for (const key of Object.keys(part)) lookBelow(key, part[key as never], false);
    above.delete(part);
  };
  const lookBelow = (step: string | number, part: unknown, inArray: boolean): void => {
    path.push(step);
    look(part, inArray);
    path.pop();
  };
  look(value, false);
  return parts;
}

const CYCLE: Fate = { words: "a reference back to what contains it", remedy: "leave it out" };

/** `event.lines[2].at`. */
export function pathText(path: readonly (string | number)[]): string {
  const parts = path.map((part) => {
    if (typeof part === "number") return `[${part}]`;
    return /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(part) ? `.${part}` : `[${JSON.stringify(part)}]`;
  });
  return `event${parts.join("")}`;
}

/** The value at a path; `undefined` when there is no such path. */
export function partAt(value: unknown, path: readonly (string | number)[]): unknown {
  let part = value;
  for (const key of path) {
    if (typeof part !== "object" || part === null || !Object.hasOwn(part, key)) return undefined;
    part = (part as Readonly<Record<string | number, unknown>>)[key];
  }
  return part;
}
