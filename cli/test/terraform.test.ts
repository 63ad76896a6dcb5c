import { startBroker } from "@anytopic/brokers";
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { anytopic, runHere, temporaryFolder, TOPICS } from "./program.ts";

const run = promisify(execFile);

/** The providers' plugins need a network, or this folder with them. */
const PLUGINS = process.env["ANYTOPIC_TERRAFORM_PLUGINS"] ?? "";

/** Undefined when it can be used. */
async function whyNoTerraform(folder: string): Promise<string | undefined> {
  try {
    await terraform(folder, "init", "-input=false", ...(PLUGINS === "" ? [] : [`-plugin-dir=${PLUGINS}`]));
    return undefined;
  } catch (error) {
    return (error as { readonly stderr?: string }).stderr || (error as Error).message;
  }
}

async function terraform(folder: string, ...args: readonly string[]): Promise<string> {
  const { TF_CLI_CONFIG_FILE: _file, ...environment } = process.env;
  const credentials = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test", AWS_EC2_METADATA_DISABLED: "true" };
  const { stdout } = await run("terraform", [...args, "-no-color"], {
    cwd: folder,
    env: { ...environment, ...credentials },
  });
  return stdout;
}

describe("AWS", () => {
  test("what Terraform creates is what apply would: plan has nothing to do", async ({ skip }) => {
    const folder = await temporaryFolder();
    const url = "aws://eu-west-1?prefix=shop-";
    const args = ["export", "terraform", "--provider", "aws", "--declarations", TOPICS];
    const exported = await runHere([...args, "--url", url, "--out", join(folder, "anytopic.tf.json")]);
    expect(exported).toMatchObject({ code: 0, stdout: "" });
    const why = await whyNoTerraform(folder);
    if (why !== undefined) skip(`terraform cannot be used: ${why}`);
    expect(await terraform(folder, "validate")).toContain("The configuration is valid");

    const moto = await startBroker("aws", { provider: "native", implementation: "moto" });
    try {
      await writeFile(join(folder, "test_override.tf.json"), JSON.stringify(endpointsOf(moto.url)));
      await terraform(folder, "apply", "-auto-approve", "-input=false", "-parallelism=30");
      const here = `${url}&endpoint=${moto.url}`;
      const planned = await anytopic(["plan", "--url", here, "--declarations", TOPICS]);
      expect(planned).toMatchObject({ code: 0, stdout: "6 declarations: everything exists as declared.\n" });
    } finally {
      await moto.close();
    }
    // The provider itself waits until SQS tells every attribute six times, for queue after queue.
  }, 600_000);

  /** For the emulator; users have none of this. */
  function endpointsOf(url: string): object {
    return {
      provider: {
        aws: {
          endpoints: { sns: url, sqs: url, sts: url },
          skip_credentials_validation: true,
          skip_requesting_account_id: true,
          skip_metadata_api_check: true,
        },
      },
    };
  }
});

describe("Google Cloud", () => {
  test("every topic and subscription, by the names and with the settings that apply uses", async () => {
    const folder = await temporaryFolder();
    const out = join(folder, "anytopic.tf.json");
    const args = ["export", "terraform", "--provider", "gcp", "--url", "gcp://my-project", "--out", out];
    expect(await runHere([...args, "--declarations", TOPICS, "signups"])).toMatchObject({ code: 0 });
    const { resource } = JSON.parse(await readFile(out, "utf8")) as {
      resource: Record<"google_pubsub_topic" | "google_pubsub_subscription", Record<string, Record<string, unknown>>>;
    };
    expect(Object.values(resource.google_pubsub_topic).map(({ name }) => name)).toEqual([
      "signups",
      "signups.send-mail.dead-letters",
      "signups.send-mail.redrive",
    ]);
    expect(resource.google_pubsub_subscription["signups_send-mail"]).toEqual({
      name: "signups.send-mail",
      project: "my-project",
      topic: "${google_pubsub_topic.signups.id}",
      ack_deadline_seconds: 30,
      message_retention_duration: "604800s",
      expiration_policy: { ttl: "" },
      enable_message_ordering: true,
      enable_exactly_once_delivery: false,
      dead_letter_policy: {
        dead_letter_topic: "${google_pubsub_topic.signups_send-mail_dead-letters.id}",
        max_delivery_attempts: expect.any(Number),
      },
    });
  });
});
