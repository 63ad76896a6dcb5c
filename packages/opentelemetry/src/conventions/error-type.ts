/** Longer names, and names with other characters, could carry what a message contained. */
const PLAIN_NAME = /^[A-Za-z_$][\w$.-]{0,99}$/;

/**
 * The value of `error.type`: the code of a `PubSubError`, else the name of the error, else `_OTHER`. Never a text that an
 * application has written for people, because such texts may hold what a message contained.
 */
export function errorType(error: unknown): string {
  if (typeof error !== "object" || error === null) return "_OTHER";
  const { name, code } = error as { readonly name?: unknown; readonly code?: unknown };
  const type = name === "PubSubError" ? code : name;
  return typeof type === "string" && PLAIN_NAME.test(type) ? type : "_OTHER";
}
