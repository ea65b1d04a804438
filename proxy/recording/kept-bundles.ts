// Bundles beside the record: what decided must be at hand for as long as the decision is, or nobody
// can execute it again.
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { GatewayError } from '../errors.js'
import { syncDirectory } from './disk.js'
import { BUNDLES_FOLDER } from './segment.js'

const DIGEST = /^sha256:([0-9a-f]{64})$/

// On the disk when it returns; a bundle kept before is left as it is.
export function keepBundle(directory: string, digest: string, bytes: Uint8Array): void {
  const path = bundlePath(directory, digest)
  if (existsSync(path)) return
  const temporary = `${path}.tmp`
  try {
    mkdirSync(join(directory, BUNDLES_FOLDER), { recursive: true, mode: 0o700 })
    const fd = openSync(temporary, 'w', 0o600)
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(temporary, path)
    syncDirectory(join(directory, BUNDLES_FOLDER))
  } catch (cause) {
    throw new GatewayError(
      'record_failed',
      `the bundle ${digest} cannot be kept beside the record`,
      {
        cause,
      },
    )
  }
}

// The bundle as it was activated, or undefined where it was never kept.
export function keptBundle(directory: string, digest: string): Buffer | undefined {
  if (!DIGEST.test(digest)) return undefined
  const path = bundlePath(directory, digest)
  return existsSync(path) ? readFileSync(path) : undefined
}

function bundlePath(directory: string, digest: string): string {
  const [, hex] = DIGEST.exec(digest) ?? []
  if (hex === undefined) {
    throw new GatewayError('bundle_invalid', `${digest} is not the digest of a bundle`)
  }
  return join(directory, BUNDLES_FOLDER, `${hex}.tar.gz`)
}
