import { readSettings, type PageSettings } from '../look/settings.ts';

/** What the server has told the console. */
export const settings = readSettings() as PageSettings;
