import { Client } from "pg";

const POSTGRES_URL: string = process.env["POSTGRES_URL"] ?? "postgres://postgres@127.0.0.1:5432/test";
const isCi = !["", "0", "false"].includes(process.env["CI"] ?? "");

/** The URL of a PostgreSQL server. In CI it must answer; elsewhere its absence is said on standard error, and there is none. */
export async function postgresOrSkip(): Promise<string | undefined> {
  const client = new Client({ connectionString: POSTGRES_URL });
  try {
    await client.connect();
    await client.end();
    return POSTGRES_URL;
  } catch (error) {
    if (isCi) throw error;
    process.stderr.write("\nSKIPPED, no PostgreSQL: name a server in POSTGRES_URL\n\n");
    return undefined;
  }
}
