import { HookwellError } from '../errors.ts';
import { isKeyText, isStorableText, keyTextRule } from './key-text.ts';
import { shown } from './shown.ts';

/** Small texts by name that plugins keep: the metadata of an event, the attributes of a subscription. */
export type SmallTexts = Readonly<Record<string, string>>;

/** What begins the names of the texts that the engine itself keeps beside an event: nobody else may answer such a one. */
const reservedPrefix = 'hookwell:';

/** How many characters the names and the texts of one event, or of one subscription, may have together. */
export const maxSmallTextsLength = 4_096;

/** Texts with changes merged in by name; null removes one. */
export function mergeTexts(texts: SmallTexts, changes: Readonly<Record<string, string | null>> = {}): SmallTexts {
  const merged = Object.entries({ ...texts, ...changes }).filter((entry): entry is [string, string] => entry[1] !== null);
  return Object.fromEntries(merged);
}

/**
 * Texts with those added that a hook has answered, if it has answered any.
 *
 * @param source what has answered them, for messages: `the emit hook of the plugin "traces"`
 * @throws {HookwellError} `invalid_input` for what are no texts, or too many
 */
export function addTexts(texts: SmallTexts, added: unknown, source: string): SmallTexts {
  if (added === undefined) return texts;
  if (typeof added !== 'object' || added === null || Array.isArray(added)) {
    throw refused(source, added, 'it must answer an object of texts, or nothing');
  }
  for (const [name, text] of Object.entries(added)) {
    if (name.startsWith(reservedPrefix))
      throw refused(source, name, `names that begin with "${reservedPrefix}" are the engine's own`);
    if (!isKeyText(name)) throw refused(source, name, `a name must be ${keyTextRule}`);
    // The text itself may be a secret, which no message shows.
    if (typeof text !== 'string' || !isStorableText(text)) {
      throw refused(source, name, 'what goes by this name must be a text without U+0000 and halves of surrogate pairs');
    }
  }
  const merged = mergeTexts(texts, added as SmallTexts);
  checkLength(merged, source);
  return merged;
}

/** @throws {HookwellError} `invalid_input` when they are too many */
function checkLength(texts: SmallTexts, source: string): void {
  let length = 0;
  for (const [name, text] of Object.entries(texts)) length += name.length + text.length;
  if (length <= maxSmallTextsLength) return;
  throw new HookwellError(
    'invalid_input',
    `With what ${source} answered there are ${length} characters of names and texts, and at most ${maxSmallTextsLength} are kept; answer less.`,
    { value: length },
  );
}

function refused(source: string, value: unknown, rule: string): HookwellError {
  return new HookwellError('invalid_input', `What ${source} answered cannot be kept (${shown(value)}): ${rule}.`, { value });
}
