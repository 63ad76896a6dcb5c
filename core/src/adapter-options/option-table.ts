import { type OptionRule } from "./option-kinds.ts";
import { rejectUnknownKeys } from "../options/option-checks.ts";
import type { UrlWords } from "./url-words.ts";

/** All options of an adapter, in the order in which errors list them. */
export interface OptionTable<Values = unknown> {
  /** The adapter's name, with which errors begin. */
  readonly adapter: string;
  readonly rules: { readonly [Name in keyof Values]: OptionRule<Values[Name]> };
  /** Other texts for errors about URLs than those of `urlWords`. */
  readonly words?: Partial<UrlWords>;
}

/** The checked options of an adapter: all are present, and those with a default are not `undefined`. */
export type Checked<Options, WithDefault extends keyof Options = never> = {
  readonly [Name in Extract<keyof Options, string>]: Name extends WithDefault
    ? Exclude<Options[Name], undefined>
    : Options[Name] | undefined;
};

/**
 * Checks options, adds defaults and freezes the result. An option that is `undefined` counts as absent.
 *
 * @throws TypeError that names the option, its value unless that may be a secret, and what is allowed
 */
export function checkOptions<Values>({ adapter, rules }: OptionTable<Values>, options: object): Values {
  rejectUnknownKeys(adapter, options, Object.keys(rules));
  const given = new Map<string, unknown>(Object.entries(options));
  const checked = Object.entries<OptionRule<unknown>>(rules).map(([name, rule]) => {
    const value = given.get(name);
    return [name, value === undefined ? rule.default : rule.check(`${adapter}: ${name}`, value)] as const;
  });
  return Object.freeze(Object.fromEntries(checked)) as Values;
}
