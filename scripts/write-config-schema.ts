// Writes the published JSON Schema of the configuration file from the table that its checker uses. A test compares the two.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { configSchema } from "@anytopic/core/config";
import { runCommand } from "./run-command.ts";
import { root } from "./workspaces.ts";

const path = join(root, "core/schema/anytopic.config.schema.json");
await writeFile(path, `${JSON.stringify(configSchema(), undefined, 2)}\n`);
await runCommand("oxfmt", [path], root);
