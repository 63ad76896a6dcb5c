/** What was seen of one service since the dashboard was started. */
export interface ServiceSeen {
  /** `null`: the process that the dashboard is part of, when it has no name. */
  readonly service: string | null;
  /** Topics, sorted. */
  readonly publishes: readonly string[];
  /** `topic/subscription`, sorted. */
  readonly handles: readonly string[];
  /** The newest of its events, in Unix ms of its clock. */
  readonly lastEventMs: number;
  /** Events that it had to drop because the dashboard was away or slow. */
  readonly dropped: number;
}

/** `GET /api/services` */
export interface Services {
  readonly services: readonly ServiceSeen[];
}
