/** Calls `act` now. The returned function returns or throws what `act` did, as often as it is called. */
export function kept<Result>(act: () => Result): () => Result {
  try {
    const result = act();
    return () => result;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}
