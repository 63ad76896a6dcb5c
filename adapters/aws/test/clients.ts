import { SNSClient } from "@aws-sdk/client-sns";
import { SQSClient } from "@aws-sdk/client-sqs";

/** The SDK's clients, made without anytopic. */
export interface TestClients {
  readonly sns: SNSClient;
  readonly sqs: SQSClient;
}

/** Emulators accept any credentials, but some read the account from them: so those of the environment are used where it has some. */
export function createTestClients(endpoint: string): TestClients {
  const ofEnvironment = (process.env["AWS_ACCESS_KEY_ID"] ?? process.env["AWS_PROFILE"] ?? "") !== "";
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  const config = { region: "eu-west-1", endpoint, ...(ofEnvironment ? undefined : { credentials }) };
  return { sns: new SNSClient(config), sqs: new SQSClient({ ...config, useQueueUrlAsEndpoint: false }) };
}
