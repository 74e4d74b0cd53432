import { HookwellError } from '@hookwell/core';
import { shown } from './contract/refusal.ts';

/** The error of a host whose own function answered something that is of no use. `asked` is the option: `console.authenticate`. */
export function wrongAnswer(asked: string, member: string, value: unknown, wanted: string): HookwellError {
  return new HookwellError('invalid_option', `webhooks: ${asked} answered ${member} ${shown(value)}; it must be ${wanted}.`, {
    value,
  });
}
