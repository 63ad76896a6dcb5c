import { SNSClient } from "@aws-sdk/client-sns";
import { SQSClient } from "@aws-sdk/client-sqs";

/** The SDK's clients, as somebody would make them who has never heard of anytopic. */
export interface TestClients {
  readonly sns: SNSClient;
  readonly sqs: SQSClient;
}

/** Emulators take any credentials. Those of the environment, when there are any, since some read the account from them. */
export function createTestClients(endpoint: string): TestClients {
  const ofEnvironment = (process.env["AWS_ACCESS_KEY_ID"] ?? process.env["AWS_PROFILE"] ?? "") !== "";
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  const config = { region: "eu-west-1", endpoint, ...(ofEnvironment ? undefined : { credentials }) };
  return { sns: new SNSClient(config), sqs: new SQSClient({ ...config, useQueueUrlAsEndpoint: false }) };
}
