import { type CrewId, parseCrewId } from '../queue/layout.js';
import type { Fired } from './fire.js';

/** What came of a recruiter's command, for the recruiter that gave it on another host. */
export interface RemoteReport {
  /** Its host's own name. */
  readonly host: string;
  readonly hired?: { readonly crew: CrewId; readonly isNew: boolean } | undefined;
  readonly fired?: readonly { readonly crew: CrewId; readonly how: Fired['how'] }[] | undefined;
  readonly failure?: { readonly code: string; readonly reason: string; readonly hint: string } | undefined;
}

/** The word of its line. */
export const reportMark = 'report';

/** Undefined for what is torn or of another version. */
export function parseRemoteReport(text: string | undefined): RemoteReport | undefined {
  try {
    const report = JSON.parse(text ?? '') as RemoteReport;
    const crews = [report.hired, ...(report.fired ?? [])].map((one) => one?.crew);
    const known = crews.every((crew) => crew === undefined || parseCrewId(crew) !== undefined);
    return typeof report.host === 'string' && known ? report : undefined;
  } catch {
    return undefined;
  }
}
