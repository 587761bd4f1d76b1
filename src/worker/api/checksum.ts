/** The SHA-256 of a file as a server tells it in an answer's headers; in hexadecimal digits. */
export function checksumOf(headers: Headers): string | undefined {
  const [, ofEtag] = /^"sha256[-:]([^"]+)"$/i.exec(headers.get('ETag') ?? '') ?? [];
  const [, ofDigest] =
    /(?:^|,\s*)sha-256=:?([A-Za-z0-9+/=]+):?/i.exec(headers.get('Repr-Digest') ?? '') ?? [];
  for (const text of [ofEtag, ofDigest, headers.get('x-amz-checksum-sha256')]) {
    const hash = hexadecimal(text ?? '');
    if (hash !== undefined) return hash;
  }
  return undefined;
}

/** 32 bytes in hexadecimal digits, or in base64; undefined for all else, such as S3's checksums of pieces. */
function hexadecimal(text: string): string | undefined {
  if (/^[0-9a-f]{64}$/i.test(text)) return text.toLowerCase();
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return undefined;
  return Buffer.from(text, 'base64').toString('hex');
}
