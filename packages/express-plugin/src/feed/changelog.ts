import type { FeedEntry } from './feed-entry.ts';

/**
 * The releases that a change log of Changesets tells of, if they say when they were: a line `Released 2026-11-25.` below
 * their heading. What has no day is not released yet.
 */
export function readChangelog(text: string): readonly FeedEntry[] {
  return text.split(/^## /m).flatMap((section) => {
    const [heading = '', ...lines] = section.split('\n');
    const version = /^(\d+\.\d+\.\d+\S*)\s*$/.exec(heading)?.[1];
    const day = lines.map((line) => /^Released (\d{4}-\d{2}-\d{2})\.$/.exec(line.trim())?.[1]).find(Boolean);
    if (version === undefined || day === undefined || Number.isNaN(Date.parse(day))) return [];
    const points = lines
      .join('\n')
      .split(/^- /m)
      .slice(1)
      .map((point) => pointOf(point))
      .filter((point) => !point.startsWith('Updated dependencies'));
    return [
      {
        id: `release-${version}`,
        day,
        title: `Hookwell’s Express plugin ${version}`,
        paragraphs: points,
        kind: 'released',
      },
    ];
  });
}

/** What a point of the list says, without the commit in front, and without the heading that may follow. */
function pointOf(text: string): string {
  const own = text.replace(/^#+ [\s\S]*/m, '').replace(/^[0-9a-f]{7,40}: /, '');
  return own
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.trim().replaceAll(/\s*\n\s*/g, ' '))
    .filter(Boolean)
    .join(' ');
}
