// The client's side of SCRAM-SHA-256 (RFC 5802, RFC 7677), with channel binding to the target's
// certificate where there is TLS (RFC 5929, tls-server-end-point).
import { createHash, createHmac, pbkdf2, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { GatewayError } from '../../errors.js'

export type Scram = {
  readonly mechanism: 'SCRAM-SHA-256' | 'SCRAM-SHA-256-PLUS'
  readonly first: string
  // From the server's first message to our final one.
  readonly final: (serverFirst: string) => Promise<string>
  // Throws unless the server proved that it knows the password too.
  readonly verified: (serverFinal: string) => void
}

export type ScramOptions = {
  readonly password: string
  readonly nonce: string
  // Mechanisms that the server offers.
  readonly offered: readonly string[]
  // Hash of the server's certificate; undefined without TLS.
  readonly binding: Buffer | undefined
}

// A hostile server could ask for years of work (RFC 7677 suggests 4096).
const ITERATIONS_MAX = 1_000_000
const ITERATIONS_MIN = 4096

const derive = promisify(pbkdf2)

export function scramOf({ password, nonce, offered, binding }: ScramOptions): Scram {
  const bound = binding !== undefined && offered.includes('SCRAM-SHA-256-PLUS')
  if (!bound && !offered.includes('SCRAM-SHA-256')) throw fault('it offers no SCRAM-SHA-256')
  // `y`: we could bind and the server said it could not; a middleman who removed the offer is found.
  const header = bound ? 'p=tls-server-end-point,,' : binding === undefined ? 'n,,' : 'y,,'
  const firstBare = `n=,r=${nonce}`
  let expected: Buffer | undefined
  return {
    mechanism: bound ? 'SCRAM-SHA-256-PLUS' : 'SCRAM-SHA-256',
    first: header + firstBare,
    final: async (serverFirst) => {
      const found = /^r=([^,]+),s=([A-Za-z0-9+/=]+),i=(\d{1,9})$/.exec(serverFirst)
      const [, both = '', salt = '', count = '0'] = found ?? []
      const iterations = Number(count)
      if (found === null || !both.startsWith(nonce) || both.length <= nonce.length)
        throw fault('a malformed challenge')
      if (iterations < ITERATIONS_MIN || iterations > ITERATIONS_MAX)
        throw fault(`${count} iterations asked for`)
      const salted = await derive(
        password.normalize('NFKC'),
        Buffer.from(salt, 'base64'),
        iterations,
        32,
        'sha256',
      )
      const clientKey = hmac(salted, 'Client Key')
      const channel = Buffer.concat([Buffer.from(header), ...(bound ? [binding] : [])]).toString(
        'base64',
      )
      const withoutProof = `c=${channel},r=${both}`
      const auth = `${firstBare},${serverFirst},${withoutProof}`
      const signature = hmac(createHash('sha256').update(clientKey).digest(), auth)
      expected = hmac(hmac(salted, 'Server Key'), auth)
      const proof = Buffer.from(clientKey.map((byte, at) => byte ^ (signature[at] ?? 0)))
      return `${withoutProof},p=${proof.toString('base64')}`
    },
    verified: (serverFinal) => {
      const sent = Buffer.from(/^v=([A-Za-z0-9+/=]+)$/.exec(serverFinal)?.[1] ?? '', 'base64')
      if (
        expected === undefined ||
        sent.length !== expected.length ||
        !timingSafeEqual(sent, expected)
      ) {
        throw fault('it did not prove that it knows the password')
      }
    },
  }
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

function fault(why: string): GatewayError {
  return new GatewayError('target_refused', `the login at the target failed: ${why}`)
}
