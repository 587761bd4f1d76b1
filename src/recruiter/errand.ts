import type { Layout } from '../queue/layout.js';
import type { SessionKind } from '../system/multiplexer.js';

/** What engines are sent out with: the project, this installation, and what the command line asked for. */
export interface Errand {
  readonly project: string;
  readonly layout: Layout;
  /** Of this very installation: a shell without a terminal has neither nvm's nor ~/.local/bin on its PATH. */
  readonly node: string;
  readonly program: string;
  readonly version: string;
  /** Where jobs start. */
  readonly directory: string;
  readonly multiplexer: SessionKind | 'auto';
  /** Options of `hire` from the command line, which sections may say otherwise. */
  readonly options: Readonly<Partial<Record<PassedOption, string>>>;
  /** A person's Ctrl-C. */
  readonly interruption?: AbortSignal | undefined;
}

/** Options that go on from one recruiter to the next, and to the crew. */
export type PassedOption = 'lease' | 'gpus' | 'label' | 'nice';
