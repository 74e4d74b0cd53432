import { readSettings, type PageSettings } from '../look/settings.ts';

/** What the server tells this page. */
export interface DocumentationSettings extends PageSettings {
  readonly title: string;
  readonly description: string;
}

export const settings = readSettings() as DocumentationSettings;
