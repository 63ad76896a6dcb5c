const rewritten = new Map<string, string>();
/** Texts of statements are made from few parts, but a caller may make many. */
const MAX_KEPT = 1000;

/** The statement with `?` for `$1`, `$2`, …, which come each once and in order. */
export function withQuestionMarks(sql: string): string {
  const known = rewritten.get(sql);
  if (known !== undefined) return known;
  const text = sql.replaceAll(/\$\d+/g, "?");
  if (rewritten.size >= MAX_KEPT) rewritten.clear();
  rewritten.set(sql, text);
  return text;
}
