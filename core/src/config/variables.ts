import { isPlainObject } from "../base/plain-object.ts";
import { configPath, type Problems } from "./problems.ts";

/** A place for a variable, with any text between the braces. */
const PLACE = /\$(\$?)\{([^}]*)\}?/g;
const VARIABLE = /^([A-Za-z_][A-Za-z0-9_]*)(?::-([^]*))?$/;

/** Levels of a configuration, with options of adapters. */
const MAX_DEPTH = 20;

export interface Replaced {
  readonly value: unknown;
  /** By path: the text before variables were replaced, which errors may show. */
  readonly sources: ReadonlyMap<string, string>;
  /** The variables that were used, with their values, so that these can be removed from errors. */
  readonly used: ReadonlyMap<string, string>;
}

/** Replaces variables in every string of `value`. A variable that is not set is a problem with its name and path. */
export function replaceVariables(
  value: unknown,
  environment: Readonly<Record<string, string | undefined>>,
  problems: Problems,
): Replaced {
  const sources = new Map<string, string>();
  const used = new Map<string, string>();
  const inText = (text: string, path: string): string => {
    if (!text.includes("${")) return text;
    let replaced = false;
    const result = text.replaceAll(PLACE, (place: string, escaped: string, inside: string) => {
      if (escaped !== "") return place.slice(1);
      const match = place.endsWith("}") ? VARIABLE.exec(inside) : null;
      if (match === null) {
        const part = place.length > 80 ? `${place.slice(0, 80)}…` : place;
        problems.add(path, `has ${part}: write \${VARIABLE} or \${VARIABLE:-fallback}, and $\${ for a plain \${`);
        return place;
      }
      const [, name = "", fallback] = match;
      // An environment object inherits names such as "constructor".
      const found = Object.hasOwn(environment, name) ? environment[name] : undefined;
      replaced = true;
      if (found !== undefined && found !== "") {
        used.set(name, found);
        return found;
      }
      if (fallback !== undefined) return fallback;
      problems.add(
        path,
        `needs the environment variable ${name}, which is ${found === undefined ? "not set" : "empty"}: ` +
          `set it, or give a fallback: \${${name}:-…}`,
      );
      return place;
    });
    if (replaced) sources.set(path, text);
    return result;
  };
  const around: unknown[] = [];
  const inValue = (item: unknown, path: string): unknown => {
    if (typeof item === "string") return inText(item, path);
    if (!Array.isArray(item) && !isPlainObject(item)) return item;
    // With YAML aliases, or in a module, a value can contain itself.
    if (around.includes(item) || around.length > MAX_DEPTH) {
      problems.add(path, around.includes(item) ? "contains itself" : `is more than ${MAX_DEPTH} levels deep`);
      return undefined;
    }
    around.push(item);
    const inside = Array.isArray(item)
      ? item.map((entry, index) => inValue(entry, configPath(path, index)))
      : Object.fromEntries(Object.entries(item).map(([key, entry]) => [key, inValue(entry, configPath(path, key))]));
    around.pop();
    return inside;
  };
  return { value: inValue(value, ""), sources, used };
}

/** Replaces the values of `used` variables in `text` by their names, in all forms in which an error may contain them. */
export function withoutValues(text: string, used: ReadonlyMap<string, string>): string {
  let cleaned = text;
  const byLength = [...used].toSorted(([, a], [, b]) => b.length - a.length);
  for (const [name, value] of byLength) {
    if (value.length < 3) continue;
    const forms = new Set([value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value), decoded(value)]);
    for (const form of forms) {
      cleaned = cleaned.replaceAll(form, `\${${name}}`);
      // Errors may contain only the beginning of a long value.
      if (form.length > 80) cleaned = cleaned.replaceAll(form.slice(0, 80), `\${${name}}`);
    }
  }
  return cleaned;
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
