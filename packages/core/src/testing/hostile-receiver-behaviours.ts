import { answers } from './hostile-receiver-answers.ts';
import { framing } from './hostile-receiver-framing.ts';
import type { HostileScript } from './hostile-receiver-script.ts';
import { timing } from './hostile-receiver-timing.ts';

/**
 * What a receiver may do to a sender, by the path that asks for it, and what a sound sender makes of it. A number is
 * written as `N`.
 */
export const hostileBehaviours = { ...answers, ...timing, ...framing } as const satisfies Record<string, HostileScript>;

/** The path of a behaviour, without its slash: `never`, `status-503`, `slow-100`. */
export type HostileBehaviour = {
  [Name in keyof typeof hostileBehaviours]: Name extends `${infer Start}-N` ? `${Start}-${number}` : Name;
}[keyof typeof hostileBehaviours];

/** A behaviour that a path asks for. */
export interface FoundBehaviour {
  readonly name: string;
  readonly script: HostileScript;
  readonly number: number;
}

const known: Readonly<Record<string, HostileScript>> = hostileBehaviours;

/** Finds the behaviour that the first part of a path asks for. */
export function behaviourOf(path: string): FoundBehaviour | undefined {
  const name = /^\/([a-z0-9.-]+)/.exec(path)?.[1] ?? '';
  const exact = Object.hasOwn(known, name) ? known[name] : undefined;
  if (exact) return { name, script: exact, number: 0 };
  const numbered = /^(.+)-(\d{1,9})$/.exec(name);
  const general = `${numbered?.[1]}-N`;
  const script = numbered && Object.hasOwn(known, general) ? known[general] : undefined;
  return script ? { name: general, script, number: Number(numbered?.[2]) } : undefined;
}

/** The behaviours that begin as soon as there is a connection. */
export const onConnection: readonly FoundBehaviour[] = Object.entries(known)
  .filter(([, { on }]) => on === 'connection')
  .map(([name, script]) => ({ name, script, number: 0 }));
