// Writes the published JSON Schema of the configuration file from the tables that its checkers use. A test compares the two.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { publishedConfigSchema } from "./reference/config-schema.ts";
import { runCommand } from "./run-command.ts";
import { root } from "./workspaces.ts";

const path = join(root, "core/schema/anytopic.config.schema.json");
await writeFile(path, `${JSON.stringify(publishedConfigSchema(), undefined, 2)}\n`);
await runCommand("oxfmt", [path], root);
