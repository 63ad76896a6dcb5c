import type { SqlExecutor, SqlRow, SqlValue } from "@anytopic/sql";

/** A piece of SQL with its values, in order. Values are never part of the text. */
export interface Statement {
  readonly parts: readonly string[];
  readonly values: readonly SqlValue[];
}

/** Makes a piece of SQL. What is put in is a value, unless it is a piece itself. */
export function sql(texts: TemplateStringsArray, ...puts: readonly (SqlValue | Statement)[]): Statement {
  const parts: string[] = [texts[0] as string];
  const values: SqlValue[] = [];
  puts.forEach((put, index) => {
    const text = texts[index + 1] as string;
    if (isStatement(put)) {
      parts[parts.length - 1] += put.parts[0] as string;
      parts.push(...put.parts.slice(1));
      values.push(...put.values);
      parts[parts.length - 1] += text;
    } else {
      values.push(put);
      parts.push(text);
    }
  });
  return { parts, values };
}

/** A piece of SQL that is text alone, such as a name. */
export function text(piece: string): Statement {
  return { parts: [piece], values: [] };
}

/** Pieces with a separator between them. */
export function joined(pieces: readonly Statement[], separator: string): Statement {
  return pieces.reduce((all, piece) => sql`${all}${text(separator)}${piece}`);
}

/** Runs a statement, with the placeholders `$1`, `$2`, … in order. */
export async function run(executor: SqlExecutor, { parts, values }: Statement): Promise<readonly SqlRow[]> {
  const statement = parts.reduce((all, part, index) => `${all}$${index}${part}`);
  return await executor.query(statement, values);
}

function isStatement(put: SqlValue | Statement): put is Statement {
  return typeof put === "object" && put !== null && "parts" in put;
}
