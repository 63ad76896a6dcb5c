import { isDeepStrictEqual } from "node:util";

/** Part of an event: every field that is given must be equal, at every depth. Lists must be equal as a whole. */
export type Partially<Value> = Value extends readonly unknown[]
  ? Value
  : Value extends object
    ? { readonly [Key in keyof Value]?: Partially<Value[Key]> }
    : Value;

/** Which events are meant: a part of the event, or a function that says yes. */
export type Matching<Event> = Partially<Event> | ((event: Event) => boolean);

/** An asymmetric matcher of vitest or jest, such as `expect.any(String)`. */
interface Asymmetric {
  asymmetricMatch(value: unknown): boolean;
}

export function matches<Event>(event: Event, matching: Matching<Event> | undefined): boolean {
  if (matching === undefined) return true;
  if (typeof matching === "function") return (matching as (event: Event) => boolean)(event);
  return isPart(event, matching);
}

function isPart(value: unknown, part: unknown): boolean {
  if (isAsymmetric(part)) return part.asymmetricMatch(value);
  if (!isPlain(part)) return isDeepStrictEqual(value, part);
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(part).every(([key, expected]) => isPart((value as Record<string, unknown>)[key], expected));
}

function isAsymmetric(part: unknown): part is Asymmetric {
  return (
    typeof part === "object" && part !== null && typeof (part as Partial<Asymmetric>).asymmetricMatch === "function"
  );
}

/** Not a class, a list or bytes. An object of another realm, as in jest, has another prototype than ours. */
function isPlain(part: unknown): part is Record<string, unknown> {
  if (typeof part !== "object" || part === null || Array.isArray(part)) return false;
  const prototype: unknown = Object.getPrototypeOf(part);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
