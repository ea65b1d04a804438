// What a schema cannot say of witnesses and of places where checkpoints are published: keys that are keys, a
// quorum that can be reached, one place each, nothing signed with a secret over a network in clear.
import type { Config } from '../../engine/schemas/config.js'
import { isAcceptableUrl } from '../loopback.js'
import { checkSecret, type Surroundings } from './place-checks.js'

// C2SP tlog-cosignature, "Format": type 4 is Ed25519.
const WITNESS_KEY = /^[^+\s]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]+=*$/
const WITNESS_TYPE = 4
const SAFE_URL = 'an https:// URL; http:// only on loopback; no user or password in it'

export function checkEvidence(record: Config['record'], around: Surroundings): void {
  const { report } = around
  const witnesses = record.witnesses ?? []
  const names = new Set<string>()
  for (const [index, { key, url }] of witnesses.entries()) {
    const path = ['record', 'witnesses', index]
    const raw = Buffer.from(key.split('+').slice(2).join('+'), 'base64')
    if (!WITNESS_KEY.test(key) || raw[0] !== WITNESS_TYPE || raw.length !== 33) {
      report([...path, 'key'], 'no key of a witness', 'name+id+key, as the witness states it')
    }
    if (names.has(key)) report([...path, 'key'], 'a key that is there twice', 'each witness once')
    names.add(key)
    if (!isAcceptableUrl(url)) report([...path, 'url'], 'a URL that is not safe', SAFE_URL)
  }
  const { witness_quorum: quorum, witness_required_ms: required } = record
  if (quorum !== undefined && quorum > witnesses.length) {
    const allowed = `no more than there are witnesses (${witnesses.length})`
    report(['record', 'witness_quorum'], String(quorum), allowed)
  }
  if (required !== undefined && witnesses.length === 0) {
    report(['record', 'witness_required_ms'], 'witnesses required', 'witnesses to be named')
  }
  for (const [index, place] of (record.publish ?? []).entries()) {
    const path = ['record', 'publish', index]
    const kinds = [place.file, place.url, place.git].filter((kind) => kind !== undefined)
    if (kinds.length !== 1) report(path, `${kinds.length} places`, 'one of file, url and git')
    if (place.url !== undefined && !isAcceptableUrl(place.url)) {
      report([...path, 'url'], 'a URL that is not safe', SAFE_URL)
    }
    if (place.secret !== undefined) checkSecret([...path, 'secret'], place.secret, around)
    const inside = place.path === undefined || /^[\w.-]+(\/[\w.-]+)*\.txt$/.test(place.path)
    if (!inside || place.path?.includes('..') === true) {
      report([...path, 'path'], 'a path that is not in the clone', 'a name that ends in .txt')
    }
    const [remote = 'x', branch = 'x'] = [place.remote, place.branch]
    if (/^-/.test(remote) || /^-/.test(branch)) {
      report(path, 'a name that begins with -', 'the name of a remote and of a branch')
    }
  }
}
