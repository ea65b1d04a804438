// Base64 as Go decodes it: line ends are passed over, all else must be of the alphabet and padded.
import { NoAnswer } from './builtin.js'

// To bytes; throws NoAnswer where it is none.
export function base64Bytes(text: string): Buffer {
  return decoded(text, /^[A-Za-z0-9+/]*={0,2}$/, 'base64')
}

// RFC 7515, appendix C: padding may be left out.
export function base64UrlBytes(text: string): Buffer {
  const rest = text.length % 4
  const padded = text.endsWith('=') || rest === 0 ? text : text + '='.repeat(4 - rest)
  if (rest === 1 && !text.endsWith('=')) throw new NoAnswer('no base64url')
  return decoded(padded, /^[A-Za-z0-9_-]*={0,2}$/, 'base64url')
}

function decoded(text: string, alphabet: RegExp, encoding: 'base64' | 'base64url'): Buffer {
  const plain = text.replace(/[\r\n]/g, '')
  if (plain.length % 4 !== 0 || !alphabet.test(plain)) throw new NoAnswer('no base64')
  return Buffer.from(plain, encoding)
}
