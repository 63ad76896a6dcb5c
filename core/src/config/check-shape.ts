import { isPlainObject } from "../base/plain-object.ts";
import { checkedFilter } from "../declare/filter.ts";
import { quotedNames } from "../options/option-checks.ts";
import { shown } from "../base/shown.ts";
import { closestName } from "../options/closest-name.ts";
import { configPath, type Problems } from "./problems.ts";
import type { IntegerShape, ListShape, MapShape, NumberShape, ObjectShape, Shape, TextShape } from "./shape.ts";

/** Checks a value against a shape, adds what is wrong to `problems`, and returns the checked value. */
export class ShapeCheck {
  readonly #problems: Problems;
  readonly #sources: ReadonlyMap<string, string>;

  /** @param sources by path: the text before variables were replaced */
  constructor(problems: Problems, sources: ReadonlyMap<string, string>) {
    this.#problems = problems;
    this.#sources = sources;
  }

  value(shape: Shape, value: unknown, path: string): unknown {
    switch (shape.kind) {
      case "object":
        return this.#object(shape, value, path);
      case "map":
        return this.#map(shape, value, path);
      case "list":
        return this.#list(shape, value, path);
      case "text":
        return this.#text(shape, value, path);
      case "choice":
        if (shape.choices.includes(value as string)) return value;
        return this.#wrong(path, value, `must be one of ${quotedNames(shape.choices)}`);
      case "integer":
        return this.#integer(shape, value, path);
      case "number":
        return this.#number(shape, value, path);
      case "filter":
        return this.#filter(value, path);
      case "free":
        if (isPlainObject(value)) return value;
        return this.#wrong(path, value, "must be an object with the adapter's options", true);
      default:
        return shape satisfies never;
    }
  }

  #object(shape: ObjectShape, value: unknown, path: string): unknown {
    const known = Object.keys(shape.properties);
    if (!isPlainObject(value)) return this.#wrong(path, value, `must be an object with ${known.join(", ")}`);
    const checked: Record<string, unknown> = {};
    for (const [key, entry] of Object.entries(value)) {
      const property = Object.hasOwn(shape.properties, key) ? shape.properties[key] : undefined;
      if (property === undefined) {
        this.#problems.add(
          configPath(path, key),
          `is not known here: ${meant(key, known)}known are ${known.join(", ")}`,
        );
      } else if (entry !== undefined) {
        checked[key] = this.value(property, entry, configPath(path, key));
      }
    }
    for (const key of shape.required ?? []) {
      if (value[key] === undefined) this.#problems.add(configPath(path, key), "is missing");
    }
    return checked;
  }

  #map(shape: MapShape, value: unknown, path: string): unknown {
    if (!isPlainObject(value)) return this.#wrong(path, value, `must be an object. ${shape.what}`);
    const entries: [string, unknown][] = [];
    for (const [key, entry] of Object.entries(value)) {
      const place = configPath(path, key);
      if (!shape.keys.pattern.test(key))
        this.#problems.add(place, `has a name that is not allowed: must be ${shape.keys.words}`);
      else if (entry !== undefined) entries.push([key, this.value(shape.values, entry, place)]);
    }
    return Object.fromEntries(entries);
  }

  #list(shape: ListShape, value: unknown, path: string): unknown {
    if (!Array.isArray(value)) return this.#wrong(path, value, `must be a list. ${shape.what}`);
    if (value.length < shape.minItems) this.#problems.add(path, `is empty: must have at least ${shape.minItems} entry`);
    const items = value.map((item, index) => this.value(shape.items, item, configPath(path, index)));
    for (const [index, item] of items.entries()) {
      if (items.indexOf(item) !== index) this.#problems.add(configPath(path, index), "repeats an earlier entry");
    }
    return items;
  }

  #text(shape: TextShape, value: unknown, path: string): unknown {
    const { rule } = shape;
    if (typeof value === "string" && (rule === undefined || rule.pattern.test(value))) return value;
    return this.#wrong(path, value, `must be ${rule?.words ?? "text"}`, shape.secret);
  }

  /** Its errors name keys only: values may come from variables. */
  #filter(value: unknown, path: string): unknown {
    try {
      return checkedFilter("the filter", value);
    } catch (error) {
      this.#problems.add(path, `is not a filter: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  }

  #integer({ limits }: IntegerShape, value: unknown, path: string): unknown {
    const number = this.#asNumber(value, path);
    if (typeof number === "number" && Number.isInteger(number) && number >= limits.min && number <= limits.max) {
      return number;
    }
    if (limits.orInfinity === true && (number === Number.POSITIVE_INFINITY || value === "Infinity")) {
      return Number.POSITIVE_INFINITY;
    }
    const unit = limits.unit === undefined ? "" : ` ${limits.unit}`;
    const infinity = limits.orInfinity === true ? ', or "Infinity"' : "";
    return this.#wrong(path, value, `must be a whole number from ${limits.min} to ${limits.max}${unit}${infinity}`);
  }

  #number({ limits }: NumberShape, value: unknown, path: string): unknown {
    const number = this.#asNumber(value, path);
    if (typeof number === "number" && number >= limits.min && number <= limits.max) return number;
    return this.#wrong(path, value, `must be a number from ${limits.min} to ${limits.max}`);
  }

  /** A text with variables may be a number, because variables are always text. */
  #asNumber(value: unknown, path: string): unknown {
    if (typeof value === "string" && this.#sources.has(path) && /^\d+(\.\d+)?$/.test(value)) return Number(value);
    return value;
  }

  #wrong(path: string, value: unknown, must: string, secret = false): undefined {
    const source = this.#sources.get(path);
    // Values of variables, and values that may contain a password, are not shown.
    const subject =
      source !== undefined
        ? `is ${shown(source)}, with the variables' values`
        : secret || (typeof value === "object" && value !== null)
          ? `is ${kindOf(value)}`
          : `is ${shown(value)}`;
    this.#problems.add(path, path === "" ? `the whole ${subject}: ${must}` : `${subject}: ${must}`);
    return undefined;
  }
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (value === "") return "empty";
  if (typeof value === "string") return "text that does not fit";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `of type ${typeof value}`;
}

/** `did you mean "topics"? ` when one of `known` is similar, else nothing. */
export function meant(name: string, known: readonly string[]): string {
  const close = closestName(name, known);
  return close === undefined ? "" : `did you mean ${JSON.stringify(close)}? `;
}
