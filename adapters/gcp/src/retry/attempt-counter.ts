import type { GcpDelivery } from "../delivery.ts";
import type { WireReceived } from "../connection/rpc.ts";

const MAX_COUNTED = 100_000;

/**
 * Tells which attempt a delivery is. The service counts them durably on subscriptions with a dead-letter policy, such as
 * ours. On a subscription without one, which somebody else created, this counts the failures as long as the worker lives.
 */
export class AttemptCounter {
  readonly #failures = new Map<string, number>();

  attemptOf({ deliveryAttempt, message }: WireReceived, previousAttempts: number): number {
    if (deliveryAttempt > 0) return previousAttempts + deliveryAttempt;
    return previousAttempts + 1 + (this.#failures.get(message.messageId) ?? 0);
  }

  failed({ native, attempt }: GcpDelivery): void {
    if (native.deliveryAttempt > 0) return;
    const { messageId } = native.message;
    if (!this.#failures.has(messageId) && this.#failures.size >= MAX_COUNTED) return;
    this.#failures.set(messageId, attempt);
  }

  forget(messageId: string): void {
    if (this.#failures.size > 0) this.#failures.delete(messageId);
  }
}
