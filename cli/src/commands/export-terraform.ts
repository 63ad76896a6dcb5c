import { writeFile } from "node:fs/promises";
import type { Command } from "../command.ts";
import { selectDeclarations } from "../declarations.ts";
import { EXIT } from "../exit-codes.ts";
import { exportedTopologies } from "../exported-topologies.ts";
import { UsageError } from "../usage-error.ts";

/** `anytopic export terraform` */
export const exportTerraform: Command = {
  name: "export terraform",
  operands: "[topic|topic/subscription …]",
  operandCount: [0, 1000],
  summary: "write a Terraform configuration that creates what apply would create",
  details: `In JSON syntax (.tf.json), for the providers hashicorp/aws and hashicorp/google. Contacts no broker. Region, account,
project and prefix come from the connection's URL. NATS, RabbitMQ and Redis: use anytopic apply.`,
  example: "anytopic export terraform --provider aws --url aws://eu-west-1 --out anytopic.tf.json",
  options: {
    provider: {
      type: "string",
      value: "NAME",
      choices: ["aws", "gcp", "rabbitmq", "nats", "redis"],
      description: "aws or gcp",
    },
    connection: { type: "string", value: "NAME", description: "which one, if several are on that provider" },
    out: { type: "string", value: "FILE", description: "the file to write (default: stdout)" },
  },
  offline: true,
  async run({ given, settings, output }) {
    const provider = given.text("provider");
    if (provider === undefined)
      throw new UsageError("export terraform: --provider is missing", "--provider aws, or gcp");
    const resolved = await settings();
    const declarations = selectDeclarations(await resolved.declarations(), given.positionals);
    const all = await exportedTopologies(resolved, declarations, provider, output);
    const wanted = given.text("connection");
    const found = all.filter(({ connection }) => wanted === undefined || connection === wanted);
    const [only] = found;
    if (only === undefined) {
      throw new UsageError(
        `nothing that is declared is on ${wanted ?? provider}`,
        "anytopic doctor lists the connections",
      );
    }
    if (found.length > 1) {
      const names = found.map(({ connection }) => connection).join(", ");
      throw new UsageError(`several connections are on ${provider}: ${names}`, "choose one with --connection");
    }
    if (only.exporter.terraform === undefined) {
      throw new UsageError(
        `there is no Terraform export for ${provider}`,
        "anytopic apply creates everything; run it where Terraform would run",
      );
    }
    const text = JSON.stringify(only.exporter.terraform(only.topology), undefined, 2);
    const out = given.text("out");
    if (out === undefined) output.text(text);
    else {
      await writeFile(out, `${text}\n`);
      output.note(`${out} written`);
    }
    return EXIT.ok;
  },
};
