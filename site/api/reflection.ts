/** The part of TypeDoc's JSON that the pages are made of. */
export interface Reflection {
  readonly id: number;
  readonly name: string;
  readonly kind: number;
  readonly flags: { readonly isOptional?: boolean; readonly isRest?: boolean; readonly isStatic?: boolean };
  readonly comment?: Comment;
  readonly type?: TypeNode;
  readonly children?: readonly Reflection[];
  readonly signatures?: readonly Reflection[];
  readonly getSignature?: Reflection;
  readonly indexSignatures?: readonly Reflection[];
  readonly parameters?: readonly Reflection[];
  readonly typeParameters?: readonly Reflection[];
  readonly extendedTypes?: readonly TypeNode[];
  readonly inheritedFrom?: unknown;
  readonly default?: TypeNode;
  /** Of a parameter: the text of its default. */
  readonly defaultValue?: string;
  /** Of a reference: what it refers to. */
  readonly target?: number;
}

export interface Comment {
  readonly summary: readonly CommentPart[];
  readonly blockTags?: readonly { readonly tag: string; readonly content: readonly CommentPart[] }[];
}

export interface CommentPart {
  readonly kind: string;
  readonly text: string;
  readonly tag?: string;
  readonly target?: number | string | object;
}

export interface TypeNode {
  readonly type: string;
  readonly name?: string;
  readonly value?: unknown;
  readonly operator?: string;
  readonly types?: readonly TypeNode[];
  readonly typeArguments?: readonly TypeNode[];
  readonly elementType?: TypeNode;
  readonly elements?: readonly TypeNode[];
  readonly element?: TypeNode;
  readonly isOptional?: boolean;
  readonly target?: unknown;
  readonly queryType?: TypeNode;
  readonly objectType?: TypeNode;
  readonly indexType?: TypeNode;
  readonly declaration?: Reflection;
  readonly parameter?: string;
  readonly parameterType?: TypeNode;
  readonly templateType?: TypeNode;
  readonly readonlyModifier?: string;
  readonly optionalModifier?: string;
  readonly checkType?: TypeNode;
  readonly extendsType?: TypeNode;
  readonly trueType?: TypeNode;
  readonly falseType?: TypeNode;
  readonly targetType?: TypeNode;
  readonly asserts?: boolean;
  readonly head?: string;
  readonly tail?: readonly (readonly [TypeNode, string])[];
}

/** TypeDoc's numbers. */
export const KIND = {
  namespace: 4,
  variable: 32,
  function: 64,
  class: 128,
  interface: 256,
  constructor: 512,
  property: 1024,
  method: 2048,
  accessor: 262_144,
  typeAlias: 2_097_152,
  reference: 4_194_304,
} as const;

/** The signatures of a function, a method, or a property that is one. */
export function signaturesOf({ signatures, type }: Reflection): readonly Reflection[] {
  return signatures ?? (type?.type === "reflection" ? (type.declaration?.signatures ?? []) : []);
}

/** The comment, which TypeDoc keeps at the signature of functions and accessors. */
export function commentOf(reflection: Reflection): Comment | undefined {
  const { comment, getSignature } = reflection;
  return [comment, getSignature?.comment, ...signaturesOf(reflection).map((one) => one.comment)].find(
    (one) => one !== undefined && (one.summary.length > 0 || (one.blockTags ?? []).length > 0),
  );
}

export function tagsOf(comment: Comment | undefined, tag: string): readonly (readonly CommentPart[])[] {
  return (comment?.blockTags ?? []).filter((one) => one.tag === tag).map(({ content }) => content);
}
