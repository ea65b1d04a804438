// What a schema cannot say of policies: that a server is asked over TLS, that as many can sign as must, that
// nobody is told of staleness after everything has stopped.
import { createPublicKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Config } from '../../engine/schemas/config.js'
import { isAcceptableUrl } from '../loopback.js'
import type { PathSteps } from '../yaml-document.js'
import { isRemote } from './address.js'
import { checkCertificate, checkExists, checkSecret, type Surroundings } from './place-checks.js'
import { reasonOf } from './secrets.js'

type Policy = Config['policy']

export function checkPolicy(policy: Policy, around: Surroundings): void {
  checkSource(['policy'], policy, around)
  if (policy.shadow !== undefined) checkSource(['policy', 'shadow'], policy.shadow, around)
  if (policy.signatures !== undefined) checkSignatures(policy.signatures, around)
  const { stale_ms: stale, deny_ms: deny } = policy
  if (stale !== undefined && deny !== undefined && stale > deny) {
    const allowed = 'no more than policy.deny_ms, after which nothing is decided any more'
    around.report(['policy', 'stale_ms'], String(stale), allowed)
  }
}

function checkSource(
  path: PathSteps,
  { source, server }: Pick<Policy, 'source' | 'server'>,
  around: Surroundings,
): void {
  if (!isRemote(source)) {
    // A bundle file may come later: until then the last good one is used.
    if (!source.endsWith('.tar.gz')) checkExists([...path, 'source'], source, around)
    if (server !== undefined) {
      around.report(
        [...path, 'server'],
        'a server',
        'only where source is the https:// of a bundle',
      )
    }
    return
  }
  const url = source.replace(/^oci:/, 'https:').replace(/^oci\+http:/, 'http:')
  if (!isAcceptableUrl(url)) {
    const allowed = 'an https:// or oci:// URL; http:// only on loopback; no user or password in it'
    around.report([...path, 'source'], 'a URL that is not safe or not whole', allowed)
  }
  const isArtifact = /^oci(\+http)?:\/\/[^/]+\/[a-z0-9._/-]+(:[\w.-]+|@sha256:[0-9a-f]{64})?$/
  if (source.startsWith('oci') && !isArtifact.test(source)) {
    const allowed = 'oci://registry/repository:tag, or @sha256:… in place of the tag'
    around.report([...path, 'source'], 'what names no artifact', allowed)
  }
  const at = [...path, 'server']
  if (server?.token !== undefined) checkSecret([...at, 'token'], server.token, around)
  if (server?.ca !== undefined) checkCertificate([...at, 'ca'], server.ca, around)
}

function checkSignatures(
  { required, keys }: NonNullable<Policy['signatures']>,
  around: Surroundings,
): void {
  const path = ['policy', 'signatures']
  const count = Object.keys(keys).length
  if (required > count) {
    around.report([...path, 'required'], String(required), `at most ${count}, as many as keys`)
  }
  for (const [name, file] of Object.entries(keys)) {
    const allowed = 'the path of a public key in PEM form (-----BEGIN PUBLIC KEY-----)'
    const found = keyProblem(resolve(around.directory, file))
    if (found !== undefined) around.report([...path, 'keys', name], found, allowed)
  }
}

function keyProblem(file: string): string | undefined {
  let pem: string
  try {
    pem = readFileSync(file, 'utf8')
  } catch (cause) {
    return `a file that cannot be read (${reasonOf(cause)})`
  }
  // A public key can be made of a private one, which has no place here.
  if (/PRIVATE KEY/.test(pem)) return 'a private key'
  try {
    createPublicKey(pem)
    return undefined
  } catch {
    return 'a file without a public key'
  }
}
