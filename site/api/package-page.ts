import { linkedCode, type LinkOf, proseOf } from "./markdown.ts";
import { isMethod, methodTable, parameterTable, propertyTable } from "./member-table.ts";
import type { DocumentedEntry } from "./read-packages.ts";
import { commentOf, KIND, type Reflection, signaturesOf, tagsOf } from "./reflection.ts";
import { memberType, signatureText, typeParameters, typeText } from "./type-text.ts";

const GROUPS = [
  ["Functions", [KIND.function]],
  ["Classes", [KIND.class]],
  ["Interfaces", [KIND.interface]],
  ["Types", [KIND.typeAlias]],
  ["Constants", [KIND.variable, KIND.namespace]],
] as const;

/** The page of one import. */
export function packagePage(entry: DocumentedEntry, linkOf: LinkOf): string {
  const own = entry.exported.filter(({ kind }) => kind !== KIND.reference);
  const foreign = entry.exported.filter(({ kind }) => kind === KIND.reference);
  const groups = GROUPS.map(([title, kinds]) => {
    const members = own.filter(({ kind }) => (kinds as readonly number[]).includes(kind));
    return { title, members: members.toSorted((one, other) => one.name.localeCompare(other.name, "en")) };
  }).filter(({ members }) => members.length > 0);
  const index = groups.map(
    ({ title, members }) => `**${title}**: ${members.map(({ name }) => `[${name}](#${anchorOf(name)})`).join(", ")}`,
  );
  const also = foreign.map(({ name }) => {
    const place = linkOf(name);
    return place === undefined ? `\`${name}\`` : `[${name}](${place})`;
  });
  return [
    `# ${entry.specifier}`,
    entry.description,
    own.length + foreign.length === 0 ? "It exports nothing: to import it is enough." : "",
    ...index,
    also.length === 0 ? "" : `${own.length === 0 ? "It exports" : "It also exports"} ${also.join(", ")}.`,
    ...groups.flatMap(({ title, members }) => [`## ${title}`, ...members.map((one) => sectionOf(one, linkOf))]),
  ]
    .filter((part) => part !== "")
    .join("\n\n")
    .concat("\n");
}

/** In the case of the name: `metrics` is a function, and `Metrics` is what it returns. */
export const anchorOf = (name: string): string => name;

/** The heading has an explicit anchor: without it, two names that differ in case only would have the same. */
function sectionOf(reflection: Reflection, linkOf: LinkOf): string {
  const comment = commentOf(reflection);
  return [
    `### ${reflection.name} {#${anchorOf(reflection.name)}}`,
    proseOf(comment?.summary ?? [], linkOf),
    ...bodyOf(reflection, linkOf),
    ...examplesOf(reflection),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

function bodyOf(reflection: Reflection, linkOf: LinkOf): readonly string[] {
  const { name, kind, children = [], type } = reflection;
  if (kind === KIND.function) return callPart(name, reflection, linkOf);
  if (kind === KIND.class) return classPart(reflection, linkOf);
  if (kind === KIND.interface || (kind === KIND.typeAlias && isPlainObject(reflection)))
    return shapePart(reflection, kind === KIND.interface ? children : (type?.declaration?.children ?? []), linkOf);
  if (kind === KIND.typeAlias)
    return [linkedCode(`type ${name}${typeParameters(reflection)} = ${typeText(type)}`, linkOf)];
  return [linkedCode(`const ${name}: ${typeText(type)}`, linkOf)];
}

/** The signatures of a function or method, and what its tags say. */
function callPart(name: string, reflection: Reflection, linkOf: LinkOf): readonly string[] {
  const signatures = signaturesOf(reflection);
  const comment = commentOf(reflection);
  const described = signatures.find(({ parameters = [] }) => parameters.some((one) => one.comment !== undefined));
  return [
    signatures.map((one) => linkedCode(signatureText(name, one), linkOf)).join("<br>\n"),
    described === undefined ? "" : parameterTable(described, linkOf),
    ...tagsOf(comment, "@returns").map((parts) => `**Returns** ${proseOf(parts, linkOf)}`),
    ...tagsOf(comment, "@throws").map((parts) => `**Throws** ${proseOf(parts, linkOf)}`),
  ];
}

function classPart({ name, children = [] }: Reflection, linkOf: LinkOf): readonly string[] {
  const own = children.filter(({ inheritedFrom }) => inheritedFrom === undefined);
  const properties = own.filter(({ kind }) => kind === KIND.property || kind === KIND.accessor);
  const made = own.find(({ kind }) => kind === KIND.constructor);
  const methods = own.filter(isMethod);
  return [
    ...(made === undefined ? [] : [...callPart(`new ${name}`, made, linkOf)]),
    properties.length === 0 ? "" : propertyTable(properties, linkOf),
    ...methods.flatMap((method) => [
      `#### ${name}.${method.name}() {#${anchorOf(`${name}-${method.name}`).replaceAll(/[^\w-]/g, "")}}`,
      ...callPart(`${method.flags.isStatic === true ? "static " : ""}${method.name}`, method, linkOf).slice(0, 1),
      proseOf(commentOf(method)?.summary ?? [], linkOf),
      ...callPart(method.name, method, linkOf).slice(1),
    ]),
  ];
}

function shapePart(reflection: Reflection, members: readonly Reflection[], linkOf: LinkOf): readonly string[] {
  const bases = (reflection.extendedTypes ?? []).map((type) => linkedCode(typeText(type), linkOf));
  const own = members.filter(({ inheritedFrom }) => inheritedFrom === undefined);
  const methods = own.filter(isMethod);
  const properties = own.filter((member) => !isMethod(member));
  const indexes = (reflection.indexSignatures ?? []).map(({ parameters = [], type }) => {
    const keys = parameters.map((one) => `[${one.name}: ${typeText(memberType(one))}]`).join("");
    return linkedCode(`${keys}: ${typeText(type)}`, linkOf);
  });
  const calls = (reflection.signatures ?? []).map((one) => linkedCode(signatureText("", one), linkOf));
  return [
    bases.length === 0 ? "" : `It has everything of ${bases.join(" and ")}, and:`,
    ...calls,
    ...indexes,
    properties.length === 0 ? "" : propertyTable(properties, linkOf),
    methods.length === 0 ? "" : methodTable(methods, linkOf),
  ];
}

function examplesOf(reflection: Reflection): readonly string[] {
  return tagsOf(commentOf(reflection), "@example").map((parts) => parts.map(({ text }) => text).join(""));
}

function isPlainObject({ type }: Reflection): boolean {
  const { children = [], signatures = [] } = type?.declaration ?? {};
  return type?.type === "reflection" && children.length > 0 && signatures.length === 0;
}
