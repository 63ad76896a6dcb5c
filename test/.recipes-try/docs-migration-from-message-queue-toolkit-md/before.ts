






import { SNSClient } from "@aws-sdk/client-sns";
import { SQSClient } from "@aws-sdk/client-sqs";
import { STSClient } from "@aws-sdk/client-sts";
import { MessageHandlerConfigBuilder } from "@message-queue-toolkit/core";
import { AbstractSnsPublisher, AbstractSnsSqsConsumer } from "@message-queue-toolkit/sns";
import { z } from "zod";

const Signup = z.object({ id: z.string(), messageType: z.literal("user.signed-up"), email: z.email() });
type Signup = z.infer<typeof Signup>;

const region = "eu-west-1";
const clients = {
  snsClient: new SNSClient({ region }),
  sqsClient: new SQSClient({ region }),
  stsClient: new STSClient({ region }),
  logger: console,
  errorReporter: { report: (error: unknown) => console.error(error) },
  consumerErrorResolver: { processError: (error: unknown) => error as Error },
  transactionObservabilityManager: { start() {}, startWithGroup() {}, stop() {}, addCustomAttributes() {} },
};
const messageTypeResolver = { messageTypePath: "messageType" };

class SignupPublisher extends AbstractSnsPublisher<Signup> {
  constructor() {
    super(clients as never, {
      messageSchemas: [Signup],
      messageTypeResolver,
      creationConfig: { topic: { Name: "signups" } },
    });
  }
}

class WelcomeConsumer extends AbstractSnsSqsConsumer<Signup, undefined> {
  constructor() {
    super(
      clients as never,
      {
        messageTypeResolver,
        handlers: new MessageHandlerConfigBuilder<Signup, undefined>()
          .addConfig(Signup, async ({ email }) => {
            console.log("welcome,", email);
            return { result: "success" };
          })
          .build(),
        creationConfig: { queue: { QueueName: "send-welcome-email" }, topic: { Name: "signups" } },
        subscriptionConfig: { updateAttributesIfExists: false },
      },
      undefined,
    );
  }
}

const publisher = new SignupPublisher();
await publisher.publish({ id: "s1", messageType: "user.signed-up", email: "ada@example.com" });
await new WelcomeConsumer().start();
