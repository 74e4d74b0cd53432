import type { JSX } from 'preact';
import type { SubscriptionJson } from '../../src/manage/schemas.ts';
import { Tag } from '../look/tag.tsx';
import type { LogLine } from './log-lines.ts';
import { healthLabels, statusLabels } from './words.ts';

/** How a subscription is. */
export function HealthTag({ health }: { readonly health: SubscriptionJson['health'] }): JSX.Element {
  const { text, tone, icon } = healthLabels[health];
  return (
    <Tag tone={tone} icon={icon}>
      {text}
    </Tag>
  );
}

/** What became of a delivery, or of an attempt. */
export function StatusTag({ status }: { readonly status: LogLine['status'] }): JSX.Element {
  const { text, tone, icon } = statusLabels[status];
  return (
    <Tag tone={tone} icon={icon}>
      {text}
    </Tag>
  );
}
