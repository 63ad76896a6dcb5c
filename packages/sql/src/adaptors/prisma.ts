import type { SqlExecutor, SqlRow, SqlValue } from "../executor.ts";
import { noTransaction } from "./bound.ts";

interface PrismaQueries {
  $queryRawUnsafe(sql: string, ...params: never[]): PromiseLike<unknown>;
}

/** What the interactive `prisma.$transaction` gives its callback. */
export interface PrismaTransaction extends PrismaQueries {
  /** Only a whole client has it. */
  readonly $connect?: never;
}

/**
 * For Prisma on PostgreSQL. Its transactions end after 5 s unless `timeout` says otherwise (error P2028).
 * @throws TypeError for a `PrismaClient` that is no transaction
 */
export function fromPrisma(tx: PrismaTransaction): SqlExecutor {
  if (tx.$connect === undefined) return autocommitPrisma(tx);
  throw noTransaction("fromPrisma: this PrismaClient", "pass the one that prisma.$transaction(async (tx) => …) gives");
}

/** Each statement by itself. */
export function autocommitPrisma(prisma: PrismaQueries): SqlExecutor {
  return {
    query: async (sql: string, params: readonly SqlValue[]) =>
      (await prisma.$queryRawUnsafe(sql, ...(params as never[]))) as readonly SqlRow[],
  };
}
