import type { SubscriptionFilter } from "../declare/filter.ts";
import type { NumberRange } from "../options/option-checks.ts";

/** What a value in the configuration may be. Used by the checker and for the published JSON Schema. */
export type Shape =
  | ObjectShape
  | MapShape
  | ListShape
  | TextShape
  | ChoiceShape
  | IntegerShape
  | NumberShape
  | FilterShape
  | FreeShape;

export interface ObjectShape extends Described {
  readonly kind: "object";
  readonly properties: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
}

export interface MapShape<Values = Shape> extends Described {
  readonly kind: "map";
  readonly keys: NameRule;
  readonly values: Values;
}

export interface ListShape<Items = Shape> extends Described {
  readonly kind: "list";
  readonly items: Items;
  readonly minItems: number;
}

export interface TextShape extends Described {
  readonly kind: "text";
  readonly rule?: NameRule;
  readonly secret?: boolean;
}

export interface ChoiceShape<Choice = string> extends Described {
  readonly kind: "choice";
  readonly choices: readonly Choice[];
}

export interface IntegerShape extends Described {
  readonly kind: "integer";
  readonly limits: NumberRange;
}

export interface NumberShape extends Described {
  readonly kind: "number";
  readonly limits: NumberRange;
}

/** A filter, which `checkedFilter` checks. */
export interface FilterShape extends Described {
  readonly kind: "filter";
}

/** Options of an adapter, which the adapter checks. */
export interface FreeShape extends Described {
  readonly kind: "free";
}

interface Described {
  /** The description in the JSON Schema, which editors show. */
  readonly what: string;
}

export interface NameRule {
  readonly pattern: RegExp;
  /** The end of the sentence "must be …". */
  readonly words: string;
}

/**
 * The shape of the values of a type. The compiler checks that a table of this type has exactly the properties of `Value`, each of the
 * same kind.
 */
export type ShapeOf<Value> = [Value] extends [SubscriptionFilter]
  ? FilterShape
  : [Value] extends [number | "Infinity"]
    ? IntegerShape | NumberShape
    : [Value] extends [string]
      ? string extends Value
        ? TextShape
        : ChoiceShape<Value>
      : Value extends readonly (infer Item)[]
        ? ListShape<ShapeOf<Item>>
        : string extends keyof Value
          ? RecordShapeOf<Value[string & keyof Value]>
          : ObjectShapeOf<Value>;

type RecordShapeOf<Entry> = unknown extends Entry ? FreeShape : MapShape<ShapeOf<Entry>>;

interface ObjectShapeOf<Value> extends ObjectShape {
  readonly properties: { readonly [Key in keyof Value]-?: ShapeOf<NonNullable<Value[Key]>> };
  readonly required?: readonly RequiredKey<Value>[];
}

type RequiredKey<Value> = { [Key in keyof Value]-?: undefined extends Value[Key] ? never : Key & string }[keyof Value];
