import { readSettings, type PageSettings } from '../look/settings.ts';

/** What the pages of bins are told. */
export interface BinSettings extends PageSettings {
  /** The bin that is shown; null for the list of all. */
  readonly bin: string | null;
  readonly enabled: boolean;
  readonly production: boolean;
  readonly bounds: { readonly perAccount: number; readonly requestsPerBin: number; readonly ageMs: number };
}

export const settings = readSettings() as BinSettings;

/** The way to the API of bins, with what is behind it. */
export function apiPath(path: string): string {
  return `${settings.root}bins/api${path}`;
}

/** The whole URL to which a bin takes requests. */
export function urlOf(id: string): string {
  return new URL(`${settings.root}in/${id}`, location.href).href;
}

/** Goes on to another page of this host. Whatever waits for it is busy until this page ends. */
export async function leaveFor(path: string): Promise<never> {
  location.assign(settings.root + path);
  return new Promise(() => undefined);
}
