/** Lets concurrent callers share one run of the same work. Nothing is kept once the run has ended. */
export class SingleFlight<T, Key = undefined> {
  readonly #running = new Map<Key, Promise<T>>();

  /** The run in progress for the key, or a new one. */
  run(key: Key, work: () => Promise<T>): Promise<T> {
    const running = this.#running.get(key);
    if (running !== undefined) return running;
    const started = work().finally(() => this.#running.delete(key));
    this.#running.set(key, started);
    return started;
  }

  inProgress(key: Key): Promise<T> | undefined {
    return this.#running.get(key);
  }
}

/** Opens something on first use and keeps it; a failed attempt is not kept. */
export function lazy<T>(open: () => Promise<T>): () => Promise<T> {
  const opening = new SingleFlight<T>();
  let opened: { value: T } | undefined;
  return async () => {
    opened ??= { value: await opening.run(undefined, open) };
    return opened.value;
  };
}
