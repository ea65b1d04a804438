// What a manifest says is read back as it was written, and a manifest by OPA alone is read too.
import t from 'tap'
import {
  decisionSchemaDigest,
  manifestText,
  readManifest,
} from '../../../engine/policy/bundle-manifest.js'
import { FACTS_VERSION } from '../../../engine/schemas/facts.js'

t.test('what is written is read', async (t) => {
  const rules = [
    {
      id: 'a/b',
      title: 't',
      severity: 'low',
      family: 'deny',
      operation: 'any',
      file: 'f',
      line: 1,
    },
  ]
  const text = manifestText({ revision: 'abc', reads: ['identity.kind'], rules, opa: '1.22.2' })
  t.same(readManifest(Buffer.from(text)), {
    revision: 'abc',
    roots: [''],
    reads: ['identity.kind'],
    rules,
    factsVersion: FACTS_VERSION,
  })
  t.match(text, decisionSchemaDigest())
  t.match(decisionSchemaDigest(), /^sha256:[0-9a-f]{64}$/)
})

t.test('a manifest without our members is read', async (t) => {
  t.same(readManifest(Buffer.from('{"revision":"r","roots":["/a/"]}')), {
    revision: 'r',
    roots: ['a'],
    reads: undefined,
    rules: [],
    factsVersion: undefined,
  })
  t.throws(() => readManifest(undefined), /no \.manifest/)
  t.throws(() => readManifest(Buffer.from('{')))
})
