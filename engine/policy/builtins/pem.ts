// PEM blocks (RFC 7468) as Go's encoding/pem finds them.
export type PemBlock = { readonly type: string; readonly bytes: Buffer; readonly rest: string }

const BLOCK =
  /(?:^|\n)-----BEGIN ([^\n]*?)-----[ \t\r]*\n((?:[^\n:]+:[^\n]*\n)*\s*)([A-Za-z0-9+/=\s]*?)\n?-----END \1-----[ \t\r]*(?:\n|$)/

// The first block and what stands behind it.
export function pemBlock(text: string): PemBlock | undefined {
  const found = BLOCK.exec(text)
  if (found === null) return undefined
  const [all, type = '', , body = ''] = found
  const plain = body.replace(/\s/g, '')
  if (plain.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(plain)) return undefined
  return {
    type,
    bytes: Buffer.from(plain, 'base64'),
    rest: text.slice(found.index + all.length),
  }
}
