interface Flight<T> {
  readonly outcome: Promise<T>;
  /** Callers beyond the one that began it. */
  waiters: number;
}

/** Work that several ask for concurrently is done once, and all of them get its outcome. Holds no more than what is under way. */
export class SingleFlight<T> {
  private readonly flights = new Map<string, Flight<T>>();
  private waiters = 0;

  /** Returns the number of callers that wait for work that another one began. */
  get waiting(): number {
    return this.waiters;
  }

  run(key: string, work: () => Promise<T>): Promise<T> {
    const known = this.flights.get(key);
    if (known !== undefined) {
      known.waiters += 1;
      this.waiters += 1;
      return known.outcome;
    }
    const flight: Flight<T> = { outcome: work().finally(() => this.land(key, flight)), waiters: 0 };
    this.flights.set(key, flight);
    return flight.outcome;
  }

  private land(key: string, { waiters }: Flight<T>): void {
    this.flights.delete(key);
    this.waiters -= waiters;
  }
}
