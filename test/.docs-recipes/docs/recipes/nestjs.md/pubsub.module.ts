// pubsub.module.ts
import { connect, PubSub } from "@anytopic/core";
import { Global, Inject, Module, type OnApplicationShutdown, type OnModuleDestroy } from "@nestjs/common";

@Global()
@Module({
  providers: [{ provide: PubSub, useFactory: () => connect() }], // ANYTOPIC_URL, or anytopic.config.json
  exports: [PubSub],
})
export class PubSubModule implements OnModuleDestroy, OnApplicationShutdown {
  constructor(@Inject(PubSub) private readonly pubsub: PubSub) {}

  onModuleDestroy(): void {
    this.pubsub.announceClose(); // /readyz fails from now on
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pubsub.close();
  }
}
