/** Who takes part. */
export interface Setup {
  readonly hosts: number;
  readonly dispatchers: number;
  readonly crews: number;
  readonly workers: number;
  /** Jobs that wait at the beginning. */
  readonly early: number;
  /** Jobs that are submitted later. */
  readonly late: number;
  /** How often somebody cancels, retries or withdraws. */
  readonly whims: number;
  readonly items: number;
  readonly strangers: number;
  /** 1: crews are born, and their workers on offer, when it begins. */
  readonly born: number;
}

/**
 * One thing that happens. `go`: an actor's call acts, and it goes on to its next. The same with a fate of its own:
 * `late`: the call has found its directories, and acts some time later, even if its caller dies meanwhile. `lost`: it
 * acts, and the reply says otherwise. `error`, `error-after`: the filesystem fails, before or after it acted.
 */
export type What =
  | 'go'
  | 'late'
  | 'lost'
  | 'error'
  | 'error-after'
  | 'kill'
  | 'pause'
  | 'wake'
  | 'expire'
  | 'suspect'
  | 'guardian'
  | 'land';

export interface Choice {
  readonly what: What;
  /** Whom it happens to; any number. */
  readonly who: number;
  /** What is left to chance in it; any number. */
  readonly pick: number;
}
