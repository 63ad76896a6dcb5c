import { kindOf, shown } from "../base/shown.ts";
import { type NumberRange, requireChoice, requireInteger } from "../options/option-checks.ts";

/** How one option of an adapter is read and checked. */
export interface OptionRule<Value> {
  /** How the text in a URL is read, and whether an error may show the value: not of a secret, a list or an object. */
  readonly kind: "integer" | "boolean" | "text" | "secret" | "list" | "object";
  /** Whether the option may be in the query of a URL; as text: its name there, when that is another one. */
  readonly inUrl: boolean | string;
  /** The value when the option is absent. */
  readonly default: Value;
  /** Which numbers are allowed, and their unit. For documentation and editors, as are the following. */
  readonly range?: NumberRange | undefined;
  readonly choices?: readonly string[] | undefined;
  /** Whether an `"object"` may also be `true` or `false`. */
  readonly orBoolean?: boolean | undefined;
  /** Returns the value. @throws TypeError that begins with `option` and says what is allowed */
  check(option: string, value: unknown): Value;
}

type TextTest = RegExp | ((text: string) => boolean);

interface Row<Default, Test = never> {
  /** @default undefined */
  readonly default?: Default;
  /** @default true, for secrets, lists and objects false */
  readonly inUrl?: boolean | string;
  /** Which values are allowed. @default all of the kind except empty text */
  readonly matches?: Test;
  /** What is allowed, as the end of a sentence: after "must be", for secrets after "is not". */
  readonly allowed?: string;
}

const NOT_EMPTY = /[^]/;

/** The kinds of options. `NoInfer`: a rule without a default does not match where one is expected. */
export function integer<const Default extends number | undefined = undefined>(
  row: NumberRange & Row<Default>,
): OptionRule<number | NoInfer<Default>> {
  const { min, max, unit } = row;
  const range = { min, max, ...(unit === undefined ? {} : { unit }) };
  return { ...rule("integer", row, (option, value) => requireInteger(option, value, row)), range };
}

export function boolean<const Default extends boolean | undefined = undefined>(
  row: Row<Default> = {},
): OptionRule<boolean | NoInfer<Default>> {
  return rule("boolean", row, (option, value) => {
    if (typeof value === "boolean") return value;
    throw new TypeError(`${option} is ${shown(value)}: must be true or false`);
  });
}

export function choice<const Choice extends string, const Default extends Choice | undefined = undefined>(
  choices: readonly Choice[],
  row: Row<Default> = {},
): OptionRule<Choice | NoInfer<Default>> {
  return { ...rule("text", row, (option, value) => requireChoice(option, value, choices)), choices };
}

export function text<const Default extends string | undefined = undefined>(
  row: Row<Default, TextTest> = {},
): OptionRule<string | NoInfer<Default>> {
  const { matches = NOT_EMPTY, allowed = "text that is not empty" } = row;
  return rule("text", row, (option, value) => {
    if (isText(value, matches)) return value;
    throw new TypeError(`${option} is ${shown(value)}: must be ${allowed}`);
  });
}

/** Text that errors do not show. */
export function secret(row: Row<undefined, TextTest> = {}): OptionRule<string | undefined> {
  const { matches = NOT_EMPTY, allowed = "text, or is empty" } = row;
  return rule("secret", row, (option, value) => {
    if (isText(value, matches)) return value;
    throw new TypeError(`${option} is not ${allowed}`);
  });
}

/** One text or several. Errors do not show them: they may be URLs with a password. */
export function list<Item>(defaults: readonly string[], itemFrom: (text: string) => Item): OptionRule<readonly Item[]> {
  const checkedItem = (option: string, item: unknown): Item => {
    if (typeof item === "string") return itemFrom(item);
    throw new TypeError(`${option} contains ${kindOf(item)}: must be text`);
  };
  return rule("list", { default: Object.freeze(defaults.map(itemFrom)) }, (option, value) => {
    const items: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (items.length === 0) throw new TypeError(`${option} is empty: give at least one`);
    return Object.freeze(items.map((item) => checkedItem(option, item)));
  });
}

/** What only code can give: clients, credentials, functions. */
export function object<Value extends object, Default extends Value | undefined = undefined>(
  row: Row<Default, (value: Partial<Value>) => boolean> = {},
): OptionRule<Value | NoInfer<Default>> {
  const { matches = () => true, allowed = "an object" } = row;
  return rule("object", row, (option, value) => {
    const isObject = (typeof value === "object" && value !== null) || typeof value === "function";
    if (isObject && !Array.isArray(value) && matches(value as Partial<Value>)) return value as Value;
    throw new TypeError(`${option} is ${kindOf(value)}: must be ${allowed}`);
  });
}

function rule<Value, Default>(
  kind: OptionRule<Value>["kind"],
  row: Row<Default, unknown>,
  check: (option: string, value: unknown) => Value,
): OptionRule<Value | Default> {
  const plain = kind === "integer" || kind === "boolean" || kind === "text";
  return { kind, inUrl: row.inUrl ?? plain, default: row.default as Default, check };
}

function isText(value: unknown, matches: TextTest): value is string {
  return typeof value === "string" && (typeof matches === "function" ? matches(value) : matches.test(value));
}
