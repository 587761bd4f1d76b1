/** What a report says of a run besides what its lines tell. Times are in milliseconds since 1970. */
export interface RunHead {
  readonly project: string;
  /** As `fjr show` takes it. */
  readonly name: string;
  readonly id: string;
  readonly state: 'waiting' | 'done' | 'failed';
  /** Without what a template brought. */
  readonly command: string;
  readonly submitted: number | undefined;
  /** When the report was made. */
  readonly now: number;
}
