import type { NumberRange } from "../base/option-checks.ts";

/** What a value in the configuration may be: the source of both the checker and the published JSON Schema. */
export type Shape =
  | ObjectShape
  | MapShape
  | ListShape
  | TextShape
  | ChoiceShape
  | IntegerShape
  | NumberShape
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

/** The adapter's own options: checked by the adapter. */
export interface FreeShape extends Described {
  readonly kind: "free";
}

interface Described {
  /** For the JSON Schema, and so for editors. */
  readonly what: string;
}

export interface NameRule {
  readonly pattern: RegExp;
  /** Ends the sentence "must be …". */
  readonly words: string;
}

/**
 * The shape of values of a type. A table that is declared with it has every property that the type has, of the same kind,
 * and no other: the two cannot drift apart.
 */
export type ShapeOf<Value> = [Value] extends [number | "Infinity"]
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
