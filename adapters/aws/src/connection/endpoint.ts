import type * as SqsApi from "@aws-sdk/client-sqs";
import { PubSubError } from "@anytopic/core/driver";
import { type CheckedOptions, isEndpoint } from "../options.ts";

/** @throws PubSubError `INVALID_CONFIG` */
export function endpointOfEnvironment(): string | undefined {
  const names = ["AWS_ENDPOINT_URL_SQS", "AWS_ENDPOINT_URL_SNS", "AWS_ENDPOINT_URL"];
  for (const name of names) {
    const value = process.env[name] ?? "";
    if (value !== "" && !isEndpoint(value))
      throw new PubSubError("INVALID_CONFIG", `aws: ${name} is not of the form http://host:port or https://host:port`);
  }
  return process.env["AWS_ENDPOINT_URL_SQS"] || process.env["AWS_ENDPOINT_URL"] || undefined;
}

/** Emulators accept any credentials, but need some: made-up ones are used when the chain finds none and the endpoint is this machine. */
export async function credentialsForLoopback(
  endpoint: string | undefined,
  options: CheckedOptions,
  client: () => SqsApi.SQSClient,
): Promise<{ credentials?: { accessKeyId: string; secretAccessKey: string } }> {
  if (endpoint === undefined || !isLoopback(endpoint)) return {};
  if (options.credentials !== undefined || options.profile !== undefined || options.sqs !== undefined) return {};
  const probing = client();
  try {
    await probing.config.credentials();
    return {};
  } catch {
    return { credentials: { accessKeyId: "anytopic", secretAccessKey: "anytopic" } };
  } finally {
    probing.destroy();
  }
}

function isLoopback(endpoint: string): boolean {
  const host = URL.parse(endpoint)?.hostname;
  return (
    host === "localhost" ||
    host === "[::1]" ||
    host?.startsWith("127.") === true ||
    host?.endsWith(".localhost") === true
  );
}
