declare module 'parse-prometheus-text-format' {
  /** A metric as the parser reads it: every number stays a text. */
  export interface Metric {
    readonly name: string;
    readonly help: string;
    readonly type: string;
    readonly metrics: readonly {
      readonly value?: string;
      readonly labels?: Readonly<Record<string, string>>;
    }[];
  }
  function parse(text: string): Metric[];
  export default parse;
}
