/** Every price that the model needs. */
export const PRICE_NAMES = [
  "sns-publish",
  "sns-fifo-publish",
  "sns-fifo-publish-bytes",
  "sns-fifo-delivery",
  "sns-fifo-delivery-bytes",
  "sqs-standard",
  "sqs-fifo",
  "pubsub-throughput",
  "pubsub-storage",
] as const;

/** What a price is for. */
export type PriceName = (typeof PRICE_NAMES)[number];

/** How well a price is known. `"page"`: it stood on the provider's page. `"second-hand"`: others have copied it from there. */
export const VERIFIED = ["page", "second-hand", "not verified"] as const;
/** How well a price is known. */
export type Verified = (typeof VERIFIED)[number];

/** One price of a list. */
export interface Price {
  /** For `per` of `unit`, in the list's currency. */
  readonly price: number;
  readonly per: number;
  readonly unit: "requests" | "messages" | "bytes" | "byte-months";
  /** What is counted, in words. */
  readonly rule: string;
  /** What costs nothing each month, in `unit`; for a whole account. */
  readonly free: number;
  readonly verified: Verified;
  /** The provider's page. */
  readonly source: string;
  /** Where this number was seen, and when. */
  readonly seen: string;
}

/** The prices of one provider in one region, on one day. */
export interface ListPrices {
  /** Of the list, `2026-11-26`. */
  readonly date: string;
  /** `USD` */
  readonly currency: string;
  readonly region: string;
  readonly prices: Readonly<Record<PriceName, Price>>;
}
