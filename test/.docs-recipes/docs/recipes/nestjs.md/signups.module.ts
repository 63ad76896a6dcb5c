// signups.module.ts
import { defineSubscription, defineTopic, PubSub } from "@anytopic/core";
import {
  Body,
  Controller,
  HttpCode,
  Inject,
  Injectable,
  Module,
  type OnApplicationBootstrap,
  Post,
} from "@nestjs/common";

export const Signups = defineTopic<{ email: string }>("signups");
export const SendWelcomeEmail = defineSubscription(Signups, "send-welcome-email");

@Injectable()
export class Mailer {
  async send(to: string, _options: { signal: AbortSignal }): Promise<void> {
    console.log("welcome,", to);
  }
}

@Injectable()
export class WelcomeHandler implements OnApplicationBootstrap {
  constructor(
    @Inject(PubSub) private readonly pubsub: PubSub,
    @Inject(Mailer) private readonly mailer: Mailer,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.pubsub.subscribe(SendWelcomeEmail, ({ email }, { signal }) => this.mailer.send(email, { signal }));
  }
}

@Controller("signups")
export class SignupsController {
  constructor(@Inject(PubSub) private readonly pubsub: PubSub) {}

  @Post()
  @HttpCode(202)
  async create(@Body() event: { email: string }): Promise<void> {
    await this.pubsub.publish(Signups, event);
  }
}

@Module({ controllers: [SignupsController], providers: [Mailer, WelcomeHandler] })
export class SignupsModule {}
