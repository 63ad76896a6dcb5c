/** What the pull form throws into the engine for `release()`: neither success nor failure, give it back. */
export class ReleaseDelivery {
  readonly kind = "release";
}
