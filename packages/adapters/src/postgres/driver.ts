/** A value that is sent beside a statement: everything else travels inside a JSON text. */
export type PostgresValue = string | number | null;

/** A statement as pg takes it. */
export interface PostgresQuery {
  readonly text: string;
  readonly values: readonly PostgresValue[];
  readonly name?: string;
  readonly rowMode: 'array';
  readonly types: { readonly getTypeParser: () => (text: string) => string };
}

/** What pg answers, as far as it is used here. */
export interface PostgresResult {
  readonly rows: readonly (readonly (string | null)[])[];
}

/** What a client of pg hears on a channel that it listens to. */
export interface PostgresNotification {
  readonly payload?: string | undefined;
}

/** A connection of pg, as far as it is used here. */
export interface PostgresConnection {
  query(query: PostgresQuery): Promise<PostgresResult>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
  on(event: 'notification', listener: (message: PostgresNotification) => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'end', listener: () => void): unknown;
  off(event: 'notification', listener: (message: PostgresNotification) => void): unknown;
  /** Lets the process end while the connection is open. */
  unref?(): void;
}

/** A client of pg that was taken out of a pool, as far as it is used here. */
export interface PostgresClient extends PostgresConnection {
  release(destroy?: boolean): void;
}

/** A client of pg that stands for itself, as far as it is used here. */
export interface PostgresOwnClient extends PostgresConnection {
  connect(): Promise<unknown>;
  end(): Promise<unknown>;
}

/** A pool of pg, as far as it is used here. A host shares the one that it has. */
export interface PostgresPool {
  query(query: PostgresQuery): Promise<PostgresResult>;
  /**
   * Lends a client, or says why it cannot, by the callback, in whose turn an error of the client may already come. A pool
   * of the host's own may answer by a promise instead.
   */
  connect(callback: (error: Error | undefined, client: PostgresClient | undefined) => void): Promise<PostgresClient> | void;
  /** What a pool of pg makes its clients with. */
  readonly Client?: new (options: object) => PostgresOwnClient;
  readonly options?: object;
}
