import type { ServerEvent } from './api.js';

/** A part of the page that shows something of the project. */
export interface Panel {
  readonly root: HTMLElement;
  /** Reads all that it shows; throws Refusal or Unreachable. */
  load(): Promise<void>;
  hear(event: ServerEvent): void;
  /** Asks for nothing more. */
  close(): void;
}

/** What the page shows at a time. */
export interface View extends Panel {
  readonly title: string;
}
