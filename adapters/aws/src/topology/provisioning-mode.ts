/** What a walk over the topology does with a difference it finds. */
export interface ProvisioningMode {
  /** Create what is missing. */
  readonly create: boolean;
  /** Change what differs. */
  readonly update: boolean;
  readonly signal?: AbortSignal | undefined;
}
