/** Items of several clients -> one at a time, every client in turn, each client's own items in their order. */

export type FairQueue<T> = {
  /** Items that wait. */
  readonly size: number;
  /** Adds an item behind those of its client. */
  put(client: string, item: T): void;
  /** Adds an item before all others: it has waited already. */
  putFirst(client: string, item: T): void;
  /** The next item; waits for one. `undefined` once the signal aborts. */
  take(signal: AbortSignal): Promise<T | undefined>;
  /** Takes an item out again; false when it is no longer there. */
  remove(client: string, item: T): boolean;
  /** Items in the order they are taken when no others come. */
  order(): readonly T[];
  /** Takes all items out. */
  clear(): readonly T[];
};

export function createFairQueue<T>(): FairQueue<T> {
  // A client's place in the map is its turn; who is served goes to the end. No line in it is empty.
  const lines = new Map<string, T[]>();
  const urgent: { readonly client: string; readonly item: T }[] = [];
  const takers: ((item: T | undefined) => void)[] = [];

  const next = (): T | undefined => {
    const first = urgent.shift();
    if (first !== undefined) return first.item;
    for (const [client, line] of lines) {
      const item = line.shift() as T; // no line is empty
      lines.delete(client);
      if (line.length > 0) lines.set(client, line);
      return item;
    }
    return undefined;
  };
  const serveTakers = (): void => {
    while (takers.length > 0) {
      const item = next();
      if (item === undefined) return;
      takers.shift()?.(item);
    }
  };

  return {
    get size() {
      return [...lines.values()].reduce((sum, { length }) => sum + length, urgent.length);
    },
    put(client, item) {
      const line = lines.get(client);
      if (line === undefined) lines.set(client, [item]);
      else line.push(item);
      serveTakers();
    },
    putFirst(client, item) {
      urgent.unshift({ client, item });
      serveTakers();
    },
    take(signal) {
      if (signal.aborted) return Promise.resolve(undefined);
      const item = next();
      if (item !== undefined) return Promise.resolve(item);
      return new Promise((resolve) => {
        const taker = (taken: T | undefined): void => {
          signal.removeEventListener('abort', leave);
          resolve(taken);
        };
        const leave = (): void => {
          takers.splice(takers.indexOf(taker), 1);
          taker(undefined);
        };
        takers.push(taker);
        signal.addEventListener('abort', leave, { once: true });
      });
    },
    remove(client, item) {
      const hurried = urgent.findIndex((entry) => entry.item === item);
      if (hurried >= 0) return urgent.splice(hurried, 1).length > 0;
      const line = lines.get(client) ?? [];
      const at = line.indexOf(item);
      if (at < 0) return false;
      line.splice(at, 1);
      if (line.length === 0) lines.delete(client);
      return true;
    },
    order() {
      const left = [...lines.values()];
      const turns = Math.max(0, ...left.map(({ length }) => length));
      const inTurn = Array.from({ length: turns }, (_, turn) => left.flatMap((line) => line.slice(turn, turn + 1)));
      return [...urgent.map(({ item }) => item), ...inTurn.flat()];
    },
    clear() {
      const items: T[] = [];
      for (let item = next(); item !== undefined; item = next()) items.push(item);
      return items;
    },
  };
}
