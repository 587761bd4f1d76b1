/** Text of somebody else's for a message: one line, without control characters, and not too long. */
export function shorten(text: string): string {
  const plain = text.replace(/[\p{Cc}\p{Cf}]/gu, '\u{fffd}');
  return plain.length > 60 ? `${plain.slice(0, 60)}…` : plain;
}
