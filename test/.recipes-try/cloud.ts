import { join } from "node:path";
const root = process.cwd();
const { startBroker } = await import(join(root, "docker/src/index.ts"));
const { connect, defineTopic, defineSubscription } = await import(join(root, "core/src/index.ts"));
const Orders = defineTopic("orders"); const Mail = defineSubscription(Orders, "mail");
async function show(name: string, url: string, before: () => Promise<void>, pub: () => Promise<void>) {
  await before();
  const p = await connect(url); const d = Promise.withResolvers<void>();
  await p.subscribe(Mail, (e: any, c: any) => { console.log(name, JSON.stringify(e), JSON.stringify(c.attributes), c.id); d.resolve(); });
  await pub(); await Promise.race([d.promise, new Promise((r) => setTimeout(() => { console.log(name, "NOT HANDLED"); r(0); }, 30000))]);
  await p.close({ timeoutMs: 1000 });
}
for (const kind of process.argv.slice(2)) {
  const b = await startBroker(kind as any); console.log(kind, b.url);
  if (kind === "aws") {
    const { SNSClient, CreateTopicCommand, PublishCommand } = await import("@aws-sdk/client-sns");
    const sns = new SNSClient({ region: "eu-west-1", endpoint: b.url, credentials: { accessKeyId: "a", secretAccessKey: "b" } });
    let arn = "";
    await show("aws", `aws://eu-west-1?endpoint=${b.url}`, async () => { arn = (await sns.send(new CreateTopicCommand({ Name: "orders" }))).TopicArn!; }, async () => {
      const r = await sns.send(new PublishCommand({ TopicArn: arn, Message: '{"total":3}', MessageAttributes: { source: { DataType: "String", StringValue: "web" } } })); console.log("sns id", r.MessageId);
    });
  } else {
    const { PubSub } = await import("@google-cloud/pubsub");
    const g = new PubSub({ projectId: "p", emulatorMode: true, apiEndpoint: b.url });
    await show("gcp", `gcp://p?emulatorHost=${b.url}`, async () => { await g.createTopic("orders"); await g.topic("orders").createSubscription("old"); }, async () => { console.log("gcp id", await g.topic("orders").publishMessage({ json: { total: 3 }, attributes: { source: "web" } })); });
    await g.close();
  }
  await b.close();
}
