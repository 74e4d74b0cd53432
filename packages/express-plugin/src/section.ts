import type { ServerResponse } from 'node:http';
import type { HostRequest } from './request.ts';

/** Answers a request. What it rejects with is reported, and answered with 500 as long as nothing was answered. */
export type SectionHandler = (request: HostRequest, response: ServerResponse) => Promise<void>;

/** A part of what the router serves beside the contract; each is switched on by an option. */
export interface Section {
  /** What answers a path below the mount point, such as `/console`; undefined when it is none of this section's. */
  readonly find: (path: string) => SectionHandler | undefined;
}
