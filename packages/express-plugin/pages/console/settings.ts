import { readSettings, type PageSettings } from '../look/settings.ts';

/** What the console is told beside what every page is told. */
interface ConsoleSettings extends PageSettings {
  /** Whether subscriptions can have headers of their own. */
  readonly headers: boolean;
  /** Whether subscriptions can have filters. */
  readonly filters: boolean;
}

/** What the server has told the console. */
export const settings = readSettings() as ConsoleSettings;
