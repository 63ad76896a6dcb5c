/** `POST /api/pause` and `POST /api/resume` */
export interface PauseRequest {
  /** `topic/subscription` */
  readonly of: string;
}

export interface PauseAnswer {
  /** How many workers of this process did it. */
  readonly workers: number;
}
