/** Counts the requests of each operation that an emulator received. */
export class OperationCounts {
  #counts = new Map<string, number>();

  add(operation: string): void {
    this.#counts.set(operation, this.count(operation) + 1);
  }

  count(operation: string): number {
    return this.#counts.get(operation) ?? 0;
  }

  reset(): void {
    this.#counts.clear();
  }

  toJSON(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }
}
