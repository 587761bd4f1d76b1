import contentDisposition from 'content-disposition';

/**
 * The header Content-Disposition (RFC 6266) that names an artifact by the last part of its path. For clients that do not
 * understand the encoded form the name is also there in ASCII: what else ISO 8859-1 has, stores send back as UTF-8.
 */
export function dispositionOf(name: string): string {
  // A backslash is a part of the name here, and would be a directory's end elsewhere.
  const last = name.replace(/^.*\//s, '').replaceAll('\\', '_');
  const isPlain = /^[\x20-\x7e]*$/.test(last);
  const fallback = last.replace(/[^\x20-\x7e]/gu, '?').replaceAll(/[%"]/g, '_');
  return contentDisposition(last, { type: 'inline', fallback: isPlain ? true : fallback });
}
