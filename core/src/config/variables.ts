import { isPlainObject } from "../base/plain-object.ts";
import { configPath, type Problems } from "./problems.ts";

/** A name with an optional fallback, or anything else between the braces, to be refused. */
const PLACE = /\$(\$?)\{([^}]*)\}?/g;
const VARIABLE = /^([A-Za-z_][A-Za-z0-9_]*)(?::-([^]*))?$/;

/** Of a configuration, adapters' options included. */
const MAX_DEPTH = 20;

export interface Replaced {
  readonly value: unknown;
  /** By path: the text before variables were put in, which is what errors may show. */
  readonly sources: ReadonlyMap<string, string>;
  /** The variables that were used, to keep their values out of what others say. */
  readonly used: ReadonlyMap<string, string>;
}

/** Puts variables into every string of `value`. Unset ones are problems that name the variable and the path. */
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
      // An object of the environment inherits names such as "constructor".
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
    // YAML's aliases, and modules, can make a value that contains itself.
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

/** `text` without the values of `used` variables, in the forms in which others may quote them. */
export function withoutValues(text: string, used: ReadonlyMap<string, string>): string {
  let cleaned = text;
  const byLength = [...used].toSorted(([, a], [, b]) => b.length - a.length);
  for (const [name, value] of byLength) {
    if (value.length < 3) continue;
    const forms = new Set([value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value), decoded(value)]);
    for (const form of forms) {
      cleaned = cleaned.replaceAll(form, `\${${name}}`);
      // Errors cut long values.
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
