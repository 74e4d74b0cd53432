/** How far records were emptied: the last line of the log and the last event that were looked at. */
export interface RecordPlaces<Line, Event> {
  readonly line: Line;
  readonly event: Event;
  /** Where it begins again once no replay looks any more: before what was passed over, because a replay might need it. */
  readonly again: { readonly line: Line; readonly event: Event } | null;
}

/** Before the first line and the first event. */
export function firstRecords<Line, Event>(line: Line, event: Event): RecordPlaces<Line, Event> {
  return { line, event, again: null };
}
