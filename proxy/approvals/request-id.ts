// Names of requests that people type: 60 bits in an alphabet without letters that look alike.
import { randomBytes } from 'node:crypto'

// 32 characters, so that five bits of chance choose one without a bias.
const ALPHABET = '23456789abcdefghjkmnpqrstuvwxyz0'

export function newRequestId(random: (bytes: number) => Uint8Array = randomBytes): string {
  const letters = [...random(12)].map((byte) => ALPHABET[byte & 31] ?? '')
  return [letters.slice(0, 4), letters.slice(4, 8), letters.slice(8)]
    .map((part) => part.join(''))
    .join('-')
}

export const REQUEST_ID_PATTERN = '^[0-9a-z]{4}(-[0-9a-z]{4}){2}$'
