// main.ts
import { healthHandler, PubSub } from "@anytopic/core";
import { Module } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import type { NestExpressApplication } from "@nestjs/platform-express";
import type { Response as ExpressResponse } from "express";
import { PubSubModule } from "./pubsub.module.ts";
import { SignupsModule } from "./signups.module.ts";

@Module({ imports: [PubSubModule, SignupsModule] })
export class AppModule {}

const app = await NestFactory.create<NestExpressApplication>(AppModule);
app.enableShutdownHooks(); // SIGTERM calls the hooks

const probes = healthHandler(app.get(PubSub));
for (const path of ["/livez", "/readyz"]) {
  app.use(path, async (_request: unknown, response: ExpressResponse) => {
    const answer = probes({ url: path, method: "GET" });
    response.status(answer.status).send(await answer.text());
  });
}
await app.listen(Number(process.env["PORT"] ?? 8080));
