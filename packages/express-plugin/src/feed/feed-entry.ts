import type { CatalogChange } from '@hookwell/core';

/** One thing that a feed tells of. */
export interface FeedEntry {
  /** Unique among all entries, for good. */
  readonly id: string;
  /** E.g. `2026-11-25`. */
  readonly day: string;
  readonly title: string;
  /** Plain text. */
  readonly paragraphs: readonly string[];
  readonly kind: string;
}

/** A change of the catalog as an entry. */
export function entryOfChange({ id, at, title, description, kind }: CatalogChange): FeedEntry {
  return { id, day: at, title, kind, paragraphs: description.split(/\n\s*\n/).filter((paragraph) => paragraph.trim() !== '') };
}
