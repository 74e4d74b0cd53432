/** What a colour means, everywhere: good, wait, bad, off, or just worth a look. */
export type Tone = 'good' | 'warn' | 'bad' | 'off' | 'info';
