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

/** A client of pg that was taken out of a pool, as far as it is used here. */
export interface PostgresClient {
  query(query: PostgresQuery): Promise<PostgresResult>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
  release(destroy?: boolean): void;
}

/** A pool of pg, as far as it is used here. A host shares the one that it has. */
export interface PostgresPool {
  query(query: PostgresQuery): Promise<PostgresResult>;
  connect(): Promise<PostgresClient>;
}
