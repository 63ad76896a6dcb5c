import { type Reflection, signaturesOf, type TypeNode } from "./reflection.ts";

/** A type as TypeScript writes it. */
export function typeText(type: TypeNode | undefined): string {
  if (type === undefined) return "void";
  switch (type.type) {
    case "array":
      return `${inner(type.elementType)}[]`;
    case "union":
      return (type.types ?? []).map(inUnion).join(" | ");
    case "intersection":
      return (type.types ?? []).map((one) => (one.type === "union" ? `(${typeText(one)})` : typeText(one))).join(" & ");
    case "literal":
      return type.value === null ? "null" : JSON.stringify(type.value);
    case "reference":
      return `${type.name ?? ""}${args(type.typeArguments)}`;
    case "typeOperator":
      return `${type.operator ?? ""} ${inner(type.target as TypeNode)}`;
    case "query":
      return `typeof ${typeText(type.queryType)}`;
    case "indexedAccess":
      return `${inner(type.objectType)}[${typeText(type.indexType)}]`;
    case "tuple":
      return `[${(type.elements ?? []).map(typeText).join(", ")}]`;
    case "namedTupleMember":
      return `${type.name ?? ""}${type.isOptional === true ? "?" : ""}: ${typeText(type.element)}`;
    case "optional":
      return `${typeText(type.elementType)}?`;
    case "rest":
      return `...${typeText(type.elementType)}`;
    case "predicate":
      return `${type.asserts === true ? "asserts " : ""}${type.name ?? ""} is ${typeText(type.targetType)}`;
    case "templateLiteral":
      return `\`${type.head ?? ""}${(type.tail ?? []).map(([one, text]) => `\${${typeText(one)}}${text}`).join("")}\``;
    case "mapped":
      return `{ ${type.readonlyModifier === "+" ? "readonly " : ""}[${type.parameter ?? ""} in ${typeText(type.parameterType)}]${
        { "+": "?", "-": "-?" }[type.optionalModifier ?? ""] ?? ""
      }: ${typeText(type.templateType)} }`;
    case "conditional":
      return `${typeText(type.checkType)} extends ${typeText(type.extendsType)} ? ${typeText(type.trueType)} : ${typeText(type.falseType)}`;
    case "reflection":
      return type.declaration === undefined ? "object" : literalText(type.declaration);
    default:
      return type.name ?? type.type;
  }
}

/** `name<Type>(parameter: Type): Type` */
export function signatureText(name: string, signature: Reflection, arrow = ": "): string {
  return `${name}${typeParameters(signature)}(${(signature.parameters ?? []).map(parameterText).join(", ")})${arrow}${typeText(signature.type)}`;
}

export function typeParameters({ typeParameters: given = [] }: Reflection): string {
  if (given.length === 0) return "";
  const texts = given.map(({ name, type, default: fallback }) => {
    const bound = type === undefined ? "" : ` extends ${typeText(type)}`;
    return `${name}${bound}${fallback === undefined ? "" : ` = ${typeText(fallback)}`}`;
  });
  return `<${texts.join(", ")}>`;
}

/** The type of a member without the `undefined` that every option may be. */
export function memberType({ type, flags, getSignature }: Reflection): TypeNode | undefined {
  const shown = getSignature?.type ?? type;
  if (flags.isOptional !== true || shown?.type !== "union") return shown;
  const types = (shown.types ?? []).filter(({ name }) => name !== "undefined");
  return types.length === 1 ? types[0] : { ...shown, types };
}

function parameterText(parameter: Reflection): string {
  const { name, flags, defaultValue } = parameter;
  const shown = name === "__namedParameters" ? "options" : name;
  const mayBeLeftOut = flags.isOptional === true || defaultValue !== undefined;
  return `${flags.isRest === true ? "..." : ""}${shown}${mayBeLeftOut ? "?" : ""}: ${typeText(memberType(parameter))}`;
}

function literalText(declaration: Reflection): string {
  const [only, ...others] = declaration.signatures ?? [];
  const children = declaration.children ?? [];
  if (only !== undefined && others.length === 0 && children.length === 0) return signatureText("", only, " => ");
  const members = children.map((child) => {
    const [signature] = child.kind === 2048 ? signaturesOf(child) : [];
    if (signature !== undefined) return signatureText(child.name, signature);
    return `${child.name}${child.flags.isOptional === true ? "?" : ""}: ${typeText(memberType(child))}`;
  });
  const indexes = (declaration.indexSignatures ?? []).map(
    ({ parameters = [], type }) => `[${parameters.map(parameterText).join(", ")}]: ${typeText(type)}`,
  );
  const all = [...(declaration.signatures ?? []).map((one) => signatureText("", one)), ...indexes, ...members];
  return all.length === 0 ? "{}" : `{ ${all.join("; ")} }`;
}

const args = (types: readonly TypeNode[] = []): string =>
  types.length === 0 ? "" : `<${types.map(typeText).join(", ")}>`;

/** In an array or before an index, what has several parts needs brackets. */
function inner(type: TypeNode | undefined): string {
  const isCompound =
    ["union", "intersection", "typeOperator", "conditional", "query"].includes(type?.type ?? "") || isFunction(type);
  return isCompound ? `(${typeText(type)})` : typeText(type);
}

function inUnion(type: TypeNode): string {
  return isFunction(type) || type.type === "conditional" ? `(${typeText(type)})` : typeText(type);
}

function isFunction(type: TypeNode | undefined): boolean {
  const { signatures = [], children = [] } = type?.declaration ?? {};
  return signatures.length === 1 && children.length === 0;
}
