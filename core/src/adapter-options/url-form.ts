/** How the URLs of an adapter look. For the reference, and for editors that complete a configuration. */
export interface UrlForm<Values = unknown> {
  readonly schemes: readonly string[];
  /** The whole form: `nats://[user:password@]host[:port][?option=value&…]`. */
  readonly form: string;
  /** URLs that are allowed, the simplest first. */
  readonly examples: readonly string[];
  /** Options that stand in the URL before its query, each with its place. */
  readonly parts: { readonly [Name in keyof Values]?: string };
  /** Parameters of the query that are not the names of options, each with its meaning. */
  readonly parameters?: Readonly<Record<string, string>>;
}
