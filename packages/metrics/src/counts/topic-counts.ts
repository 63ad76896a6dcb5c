import { Durations } from "./durations.ts";
import type { Exposition } from "../exposition/exposition.ts";
import { joined, labelText, topicLabels } from "../exposition/labels.ts";

const PUBLISH = labelText({ messaging_operation_name: "publish" });

/** What was published to one topic. */
export class TopicCounts {
  readonly publishes: Durations;
  readonly #labels: string;

  constructor(topic: string, bounds: readonly number[]) {
    this.#labels = topicLabels(topic);
    this.publishes = new Durations(bounds);
  }

  writeTo(exposition: Exposition): void {
    const { succeeded, failed } = this.publishes;
    for (const [type, histogram] of [[undefined, succeeded] as const, ...failed]) {
      const error = labelText({ error_type: type });
      exposition.add("sent", joined(this.#labels, error), histogram.count);
      exposition.addHistogram("operationDuration", joined(this.#labels, PUBLISH, error), histogram);
    }
  }
}
