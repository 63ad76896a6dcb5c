/** One metric: all samples of one name. */
export interface Family {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
}

export type FamilyKey =
  | "sent"
  | "operationDuration"
  | "consumed"
  | "processDuration"
  | "latency"
  | "redeliveries"
  | "retries"
  | "letters"
  | "letterFailed"
  | "leaseLost"
  | "skipped"
  | "backlog"
  | "oldestAge"
  | "lettersWaiting"
  | "statsFailed"
  | "running"
  | "abandoned"
  | "capacity"
  | "receiving"
  | "paused"
  | "circuitOpen"
  | "publishing"
  | "connectionUp"
  | "reconnects"
  | "outboxWaiting"
  | "outboxOldestAge"
  | "outboxHeld"
  | "outboxParked"
  | "outboxPublished"
  | "outboxStatsFailed";

const family = (type: Family["type"], name: string, help: string): Family => ({ name, type, help });

/** Everything that is exposed, in the order of the text. The README explains the names. */
export const FAMILIES: Readonly<Record<FamilyKey, Family>> = {
  sent: family(
    "counter",
    "messaging_client_sent_messages_total",
    "Publishes that ended, with error_type when they failed.",
  ),
  operationDuration: family(
    "histogram",
    "messaging_client_operation_duration_seconds",
    "Time from a publish until the broker has accepted or refused it.",
  ),
  consumed: family("counter", "messaging_client_consumed_messages_total", "Deliveries whose attempt has started."),
  processDuration: family(
    "histogram",
    "messaging_process_duration_seconds",
    "Time of an attempt, with error_type when it failed.",
  ),
  latency: family(
    "histogram",
    "anytopic_delivery_latency_seconds",
    "Time from the publish until the first attempt starts.",
  ),
  redeliveries: family("counter", "anytopic_redeliveries_total", "Deliveries with an attempt above 1."),
  retries: family("counter", "anytopic_retries_total", "Failed attempts that are retried."),
  letters: family("counter", "anytopic_dead_letters_total", "Messages whose dead letter was stored, by reason."),
  letterFailed: family(
    "counter",
    "anytopic_dead_letter_failed_total",
    "Dead letters that could not be stored. Their messages are redelivered.",
  ),
  leaseLost: family(
    "counter",
    "anytopic_lease_lost_total",
    "Deliveries that went to another worker before their outcome counted.",
  ),
  skipped: family(
    "counter",
    "anytopic_skipped_total",
    "Messages that were acknowledged without an attempt, by reason: filter (the subscription's filter holds them back), expired (their time was over).",
  ),
  backlog: family(
    "gauge",
    "anytopic_backlog_messages",
    "Messages of the subscription at the broker, by state: waiting, inflight (a worker has it), delayed (until its retry).",
  ),
  oldestAge: family(
    "gauge",
    "anytopic_backlog_oldest_age_seconds",
    "Age of the oldest message of the subscription that is not acknowledged.",
  ),
  lettersWaiting: family("gauge", "anytopic_dead_letters_waiting", "Messages in the dead-letter queue."),
  statsFailed: family("counter", "anytopic_stats_failed_total", "Requests for the backlog that failed."),
  running: family("gauge", "anytopic_handlers_running", "Handlers that are running."),
  abandoned: family("gauge", "anytopic_handlers_abandoned", "Handlers that were abandoned and have not returned."),
  capacity: family("gauge", "anytopic_handlers_capacity", "Handlers that may run at the same time."),
  receiving: family(
    "gauge",
    "anytopic_subscription_receiving",
    "1 when every worker of the subscription receives, 0 when one cannot.",
  ),
  paused: family("gauge", "anytopic_subscription_paused", "1 when every worker of the subscription is paused, else 0."),
  circuitOpen: family(
    "gauge",
    "anytopic_circuit_open",
    "1 when a worker of the subscription has a circuit that is open or half-open, 0 when all are closed.",
  ),
  publishing: family("gauge", "anytopic_publishing", "Publishes that are pending or waiting."),
  connectionUp: family("gauge", "anytopic_connection_up", "1 when the connection works, else 0."),
  reconnects: family(
    "counter",
    "anytopic_connection_reconnects_total",
    "How often the connection worked again after it was lost.",
  ),
  outboxWaiting: family("gauge", "anytopic_outbox_waiting", "Messages that are committed and not published yet."),
  outboxOldestAge: family(
    "gauge",
    "anytopic_outbox_oldest_age_seconds",
    "Age of the oldest of them; 0 when there is none.",
  ),
  outboxHeld: family("gauge", "anytopic_outbox_held", "Topics and ordering keys that wait after a failure."),
  outboxParked: family(
    "gauge",
    "anytopic_outbox_parked",
    "Messages that are parked: somebody must retry or discard them.",
  ),
  outboxPublished: family(
    "counter",
    "anytopic_outbox_published_total",
    "Messages that relays of this process published.",
  ),
  outboxStatsFailed: family(
    "counter",
    "anytopic_outbox_stats_failed_total",
    "Requests to the database of the outbox that failed.",
  ),
};
