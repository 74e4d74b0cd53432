/** What the server has told this page; the page's own types say what that is. */
export function readSettings(): unknown {
  return JSON.parse(document.querySelector('#settings')?.textContent ?? 'null');
}

/** What every page is told. */
export interface PageSettings {
  /** The way from the page's path to the mount point, as `sendPage` has it: `''` or `'../'`. */
  readonly root: string;
  /** Whose page it is; null when it is nobody's in particular. */
  readonly account: string | null;
  /** Where people sign in; null when the host did not say. */
  readonly signIn: string | null;
  /** The parts that this host has switched on: the header links to them. */
  readonly on: { readonly [Part in PagePart]?: boolean };
}

/** A part of the router that people look at. */
export type PagePart = 'console' | 'bins' | 'documentation' | 'feed';
