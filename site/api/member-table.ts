import { inCell, linkedCode, type LinkOf, proseOf } from "./markdown.ts";
import { commentOf, KIND, type Reflection, signaturesOf, tagsOf } from "./reflection.ts";
import { memberType, signatureText, typeText } from "./type-text.ts";

/** One row for each property: its name with `?` when it may be left out, type with unit, default, description. */
export function propertyTable(members: readonly Reflection[], linkOf: LinkOf): string {
  const rows = members.map((member) => {
    const comment = commentOf(member);
    const [fallback] = tagsOf(comment, "@default");
    const unit = unitOf(member.name);
    const isOptional = member.flags.isOptional === true;
    return {
      name: `\`${member.name}${isOptional ? "?" : ""}\``,
      type: `${linkedCode(typeText(memberType(member)), linkOf)}${unit === undefined ? "" : ` ${unit}`}`,
      fallback: fallback === undefined ? (isOptional ? "none" : "") : inCell(shownDefault(proseOf(fallback, linkOf))),
      description: inCell(withThrows(member, linkOf)),
    };
  });
  const hasDefaults = members.some(({ flags }) => flags.isOptional === true);
  const head = hasDefaults ? ["name", "type", "default", "description"] : ["name", "type", "description"];
  return tableOf(
    head,
    rows.map(({ name, type, fallback, description }) =>
      hasDefaults ? [name, type, fallback, description] : [name, type, description],
    ),
  );
}

/** One row for each method of an interface. */
export function methodTable(members: readonly Reflection[], linkOf: LinkOf): string {
  const rows = members.flatMap((member) =>
    signaturesOf(member).map((signature) => [
      linkedCode(signatureText(`${member.name}${member.flags.isOptional === true ? "?" : ""}`, signature), linkOf),
      inCell(withThrows({ ...member, signatures: [signature] }, linkOf)),
    ]),
  );
  return tableOf(["method", "description"], rows);
}

export function parameterTable({ parameters = [] }: Reflection, linkOf: LinkOf): string {
  const described = parameters.filter(({ comment }) => (comment?.summary ?? []).length > 0);
  if (described.length === 0) return "";
  const rows = described.map(({ name, comment }) => [`\`${name}\``, inCell(proseOf(comment?.summary ?? [], linkOf))]);
  return tableOf(["parameter", "description"], rows);
}

export function isMethod(member: Reflection): boolean {
  return member.kind === KIND.method && signaturesOf(member).length > 0;
}

export function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** The unit in the name of an option, as it is written after its type. */
export function unitOf(name: string): string | undefined {
  if (/Ms$|^ms$/.test(name)) return "in ms";
  if (/Bytes$|^bytes$/.test(name)) return "in bytes";
  return /Seconds$|^seconds$/.test(name) ? "in s" : undefined;
}

function withThrows(member: Reflection, linkOf: LinkOf): string {
  const comment = commentOf(member);
  const thrown = tagsOf(comment, "@throws").map((parts) => `Throws ${proseOf(parts, linkOf)}`);
  const returned = tagsOf(comment, "@returns").map((parts) => `Returns ${proseOf(parts, linkOf)}`);
  return [proseOf(comment?.summary ?? [], linkOf), ...returned, ...thrown].map(sentence).filter(Boolean).join(" ");
}

function sentence(text: string): string {
  return text === "" || /[.!?…]$/.test(text) ? text : `${text}.`;
}

/** TypeDoc shows the text of `@default` as a block of code. */
function shownDefault(text: string): string {
  const code = /^```\w*\n([^]*?)\n```$/.exec(text)?.[1] ?? text;
  return /^(?:"[^"]*"|[\d_,.]+|true|false|\[\]|\{\})$/.test(code)
    ? `\`${code}\``
    : code.replaceAll(/[<>{}]/g, (one) => `&#${one.charCodeAt(0)};`);
}
