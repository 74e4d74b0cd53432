/** Pictures of 16 by 16, each as one line to draw. */
export const iconPaths = {
  check: 'M3.5 8.5l3 3 6-7',
  cross: 'M4 4l8 8M12 4l-8 8',
  warning: 'M8 2.5l6.5 11h-13zM8 6.5v3M8 11.4v.1',
  info: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 7.5V11M8 5v.1',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  play: 'M5 3.5v9l7-4.5z',
  clock: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 4.7V8l2.2 1.6',
  plus: 'M8 3v10M3 8h10',
  copy: 'M5.5 5.5h7v8h-7zM3.5 10.5v-8h7',
  search: 'M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.3 10.3L14 14',
  back: 'M10 3L5 8l5 5',
  next: 'M6 3l5 5-5 5',
  up: 'M8 13V3M4 7l4-4 4 4',
  again: 'M13 8a5 5 0 1 1-1.6-3.7M13 2.5v2.8h-2.8',
  out: 'M6.5 3.5h-3v9h9v-3M9 2.5h4.5V7M13.2 2.8L7.5 8.5',
  hook: 'M8 2.2v6.3a3 3 0 1 1-6 0M8 2.2h4.5M12.5 2.2v8.3a3.2 3.2 0 0 1-6.2 1',
} as const;

/** The name of a picture of 16 by 16. */
export type IconName = keyof typeof iconPaths;
