/** Where a client is in the stream of events. */
export interface EventId {
  /** Milliseconds since 1970 by the file server's clock: all that happened before had been told. Any server knows what it means. */
  readonly watermark: number;
  /** One run of one server … */
  readonly server: string;
  /** … and the event's number in it. */
  readonly number: number;
}

export function formatEventId({ watermark, server, number }: EventId): string {
  return `${Math.floor(watermark).toString(36)}.${server}.${number.toString(36)}`;
}

/** Undefined for what no server has made. */
export function parseEventId(text: string): EventId | undefined {
  const [, watermark, server, number] =
    /^([0-9a-z]{8,9})\.([0-9a-z]{10})\.([0-9a-z]{1,10})$/.exec(text) ?? [];
  if (watermark === undefined || server === undefined || number === undefined) return undefined;
  return { watermark: parseInt(watermark, 36), server, number: parseInt(number, 36) };
}
