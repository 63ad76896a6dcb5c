import type { Documented } from "./read-packages.ts";
import { commentOf, KIND, type Reflection, tagsOf } from "./reflection.ts";

/** What callers write themselves: each member needs a docstring, and a default when it may be left out. */
const WRITTEN_BY_CALLERS = /(?:Options|Limits|Config|Selection)$/;

/** What nobody has described, as `package: name`; what TypeDoc warns of, such as a link that leads nowhere. */
export function documentationGaps({ entries, warnings }: Documented): readonly string[] {
  const gaps = entries.flatMap(({ specifier, exported }) =>
    exported
      .filter(({ kind }) => kind !== KIND.reference)
      .flatMap((one) => gapsOf(one).map((gap) => `${specifier}: ${gap}`)),
  );
  return [...gaps, ...warnings];
}

function gapsOf(reflection: Reflection): readonly string[] {
  const { name, kind, children = [] } = reflection;
  const own = commentOf(reflection) === undefined ? [`${name} has no docstring`] : [];
  if (kind !== KIND.interface || !WRITTEN_BY_CALLERS.test(name)) return own;
  const members = children.filter(({ inheritedFrom }) => inheritedFrom === undefined);
  return [...own, ...members.flatMap((member) => memberGaps(name, member))];
}

function memberGaps(name: string, member: Reflection): readonly string[] {
  const comment = commentOf(member);
  if (comment === undefined) return [`${name}.${member.name} has no docstring`];
  const needsDefault = member.flags.isOptional === true && tagsOf(comment, "@default").length === 0;
  return needsDefault ? [`${name}.${member.name} may be left out, and has no @default`] : [];
}
