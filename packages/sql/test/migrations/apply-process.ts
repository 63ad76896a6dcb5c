/** Applies the migrations as soon as it is told to, and says which it has applied. */
import { applyMigrations } from "@anytopic/sql";

import { openPool, type Place } from "./empty-databases.ts";

const place = JSON.parse(process.argv[2] as string) as Place;
const { pool, close } = openPool(place);
await pool.query("SELECT 1 AS one", []);
process.once("message", () => {
  void pool
    .transaction(async (tx) => await applyMigrations(tx, place))
    .then((applied) => process.send?.({ applied: applied.map(({ version }) => version) }))
    .catch((error: unknown) => process.send?.({ error: String(error) }))
    .finally(() => void close().then(() => process.disconnect()));
});
process.send?.("ready");
