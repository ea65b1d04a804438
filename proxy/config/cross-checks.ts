// What a schema cannot say: that names which refer to each other exist, that no token or password
// travels in clear over a network, that files and variables are there.
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { dirname, resolve } from 'node:path'
import type { Config, TargetConfig } from '../../engine/schemas/config.js'
import { isAcceptableUrl, isLoopbackHost } from '../loopback.js'
import { addressOf, isSocketDirectory } from './address.js'
import { checkApprovals } from './approval-checks.js'
import { checkConsole } from './console-checks.js'
import { checkEvidence } from './evidence-checks.js'
import { checkCertificate, checkSecret, type Report, type Surroundings } from './place-checks.js'
import { checkPolicy } from './policy-checks.js'
import { checkRecordings } from './recording-checks.js'
import { checkTelemetry } from './telemetry-defaults.js'
import type { SecretSources } from './secrets.js'
import type { PathSteps } from '../yaml-document.js'

export type Crossed = {
  readonly path: PathSteps
  readonly found: string
  readonly allowed: string
}

export function crossChecks(
  config: Config,
  file: string,
  env: SecretSources['env'],
): readonly Crossed[] {
  const found: Crossed[] = []
  const report: Report = (path, what, allowed) => found.push({ path, found: what, allowed })
  const around = { env, directory: dirname(resolve(file)), report }
  checkListeners(config, around)
  checkIssuers(config, around)
  checkConsole(config, around)
  for (const [name, target] of Object.entries(config.targets)) checkTarget(name, target, around)
  checkPlaces(config, around)
  checkTelemetry(config, around)
  const { message_bytes: message, statement_bytes: statement } = config.limits ?? {}
  if (message !== undefined && statement !== undefined && statement > message) {
    const allowed = 'no more than limits.message_bytes, since a statement travels in a message'
    report(['limits', 'statement_bytes'], String(statement), allowed)
  }
  return found
}

function checkListeners({ listeners, targets }: Config, around: Surroundings): void {
  const { report } = around
  const taken = new Map<string, string>()
  const checkAddress = (path: PathSteps, text: string): void => {
    const { host, port } = addressOf(text)
    if (port > 65_535) report(path, `port ${port}`, 'a port from 0 to 65535')
    const other = taken.get(`${host} ${port}`)
    if (other !== undefined && port !== 0) {
      report(path, text, `an address of its own: ${other} listens there`)
    }
    taken.set(`${host} ${port}`, path.join('.'))
  }
  for (const [index, listener] of (listeners.postgres ?? []).entries()) {
    const path = ['listeners', 'postgres', index]
    checkAddress([...path, 'address'], listener.address)
    if (listener.tls !== undefined) checkTls([...path, 'tls'], listener.tls, around)
    if (listener.target !== undefined && !Object.hasOwn(targets, listener.target)) {
      const names = Object.keys(targets).join(', ')
      report([...path, 'target'], `“${listener.target}”`, `the name of a target: ${names}`)
    }
    const isLocal = isLoopbackHost(addressOf(listener.address).host)
    if (listener.plaintext === 'loopback' && !isLocal) {
      const allowed = 'loopback only where the address is one (127.0.0.1, [::1])'
      report([...path, 'plaintext'], `loopback with ${listener.address}`, allowed)
    } else if (listener.tls === undefined && listener.plaintext !== 'loopback') {
      const allowed = 'tls (certificate and key), or plaintext: loopback with a loopback address'
      report([...path, 'tls'], 'nothing', allowed)
    }
  }
  const { web } = listeners
  checkAddress(['listeners', 'web', 'address'], web.address)
  if (web.tls !== undefined) checkTls(['listeners', 'web', 'tls'], web.tls, around)
  else if (!isLoopbackHost(addressOf(web.address).host)) {
    const allowed = 'tls (certificate and key) where the address is not loopback'
    report(['listeners', 'web', 'tls'], 'nothing', allowed)
  }
  if (web.url !== undefined && !isWebUrl(web.url)) {
    report(['listeners', 'web', 'url'], 'a text that is no URL', 'https://… or http://…')
  }
}

function checkTls(
  path: PathSteps,
  tls: { readonly certificate: string; readonly key: string },
  around: Surroundings,
): void {
  const certificate = checkCertificate([...path, 'certificate'], tls.certificate, around)
  const pem = checkSecret([...path, 'key'], tls.key, around)
  if (certificate === undefined || pem === undefined) return
  const key = privateKeyIn(pem)
  if (key === undefined) {
    around.report([...path, 'key'], 'no private key in PEM form', 'an unencrypted PEM private key')
  } else if (!certificate.checkPrivateKey(key)) {
    around.report([...path, 'key'], 'the key of another certificate', 'the key of `certificate`')
  }
}

function privateKeyIn(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem)
  } catch {
    return undefined
  }
}

function checkIssuers({ issuers }: Config, around: Surroundings): void {
  const { report } = around
  for (const [index, issuer] of issuers.entries()) {
    const path = ['issuers', index]
    if (!isAcceptableUrl(issuer.issuer)) {
      const allowed = 'an https:// URL; http:// only on loopback'
      report([...path, 'issuer'], 'a URL that is not safe or not whole', allowed)
    }
    if (issuers.findIndex((one) => one.issuer === issuer.issuer) !== index) {
      report([...path, 'issuer'], 'an issuer that stands above already', 'each issuer once')
    }
    if (issuer.client_secret !== undefined) {
      checkSecret([...path, 'client_secret'], issuer.client_secret, around)
    }
    if (issuer.revocation === 'introspection' && issuer.client_id === undefined) {
      const allowed = 'the client that asks: introspection needs client_id'
      report([...path, 'client_id'], 'nothing', allowed)
    }
  }
}

function checkTarget(name: string, target: TargetConfig, around: Surroundings): void {
  const { report } = around
  const path = ['targets', name]
  const isLocal = isLoopbackHost(target.host) || isSocketDirectory(target.host)
  if (target.tls?.mode === 'off' && !isLocal) {
    const allowed = 'verify, since the target is neither on loopback nor a Unix socket'
    report([...path, 'tls', 'mode'], '“off”', allowed)
  }
  if (target.tls?.ca !== undefined) checkCertificate([...path, 'tls', 'ca'], target.tls.ca, around)
  if (target.zone !== undefined && !isTimeZone(target.zone)) {
    const allowed = 'an IANA time zone such as Europe/Berlin or UTC'
    report([...path, 'zone'], 'a time zone that is not known', allowed)
  }
  const open = target.accounts.findIndex((account) => account.groups === undefined)
  for (const [index, account] of target.accounts.entries()) {
    const at = [...path, 'accounts', index]
    if (account.password !== undefined) {
      checkSecret([...at, 'password'], account.password, around)
    }
    if (open !== -1 && index > open) {
      const allowed = 'the account without groups last, since the first that fits is used'
      report(at, 'an account that is never reached', allowed)
    }
  }
  const { catalogue } = target
  if (catalogue?.password !== undefined) {
    checkSecret([...path, 'catalogue', 'password'], catalogue.password, around)
    if (catalogue.user === undefined) {
      report([...path, 'catalogue', 'user'], 'nothing', 'the user that the password belongs to')
    }
  }
}

function checkPlaces(config: Config, around: Surroundings): void {
  const { report } = around
  checkPolicy(config.policy, around)
  if (config.record.signing_key !== undefined) {
    const path = ['record', 'signing_key']
    const pem = checkSecret(path, config.record.signing_key, around)
    const isWrong = pem !== undefined && privateKeyIn(pem)?.asymmetricKeyType !== 'ed25519'
    if (isWrong) report(path, 'no Ed25519 key', 'an unencrypted Ed25519 private key in PEM form')
  }
  checkEvidence(config.record, around)
  checkRecordings(config, around)
  const { state } = config
  if (state?.url !== undefined) checkSecret(['state', 'url'], state.url, around)
  if (state?.url !== undefined && state.file !== undefined) {
    report(['state', 'file'], 'both a file and a url', 'one of the two')
  }
  const issuers = config.issuers.map(({ issuer }) => issuer)
  checkApprovals(config.approvals ?? {}, issuers, around)
}

function isTimeZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).format(0) !== ''
  } catch {
    return false
  }
}

function isWebUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
}
