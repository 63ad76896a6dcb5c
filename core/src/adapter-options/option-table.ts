import { type OptionRule } from "./option-kinds.ts";
import { rejectUnknownKeys } from "../options/option-checks.ts";
import type { UrlWords } from "./url-words.ts";

/** All options of an adapter: the one place that says what they are. In the order in which errors list them. */
export interface OptionTable<Values = unknown> {
  /** The adapter's name, which errors begin with. */
  readonly adapter: string;
  readonly rules: { readonly [Name in keyof Values]: OptionRule<Values[Name]> };
  /** Where errors about URLs are worded in another way than `urlWords` does. */
  readonly words?: Partial<UrlWords>;
}

/** What an adapter's options become when they are checked: all there, those with a default never `undefined`. */
export type Checked<Options, WithDefault extends keyof Options = never> = {
  readonly [Name in Extract<keyof Options, string>]: Name extends WithDefault
    ? Exclude<Options[Name], undefined>
    : Options[Name] | undefined;
};

/**
 * Options with their defaults, checked and frozen. One that is `undefined` counts as left out.
 *
 * @throws TypeError that names the option, its value unless that may be secret, and what is allowed
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
