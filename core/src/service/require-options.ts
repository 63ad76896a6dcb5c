import { shown } from "../base/shown.ts";

/** Returns `value`. @throws TypeError that names the option */
export function requireFunction<Given extends (...args: never[]) => unknown>(option: string, value: Given): Given {
  if (typeof value === "function") return value;
  throw new TypeError(`${option} is ${shown(value)}: must be a function`);
}
