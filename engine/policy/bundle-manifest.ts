// What a bundle’s `.manifest` says: OPA’s own members, and ours in its metadata. Bundles by plain
// `opa build` have none of ours, and are read all the same.
import { canonicalJson } from '../canonical.js'
import { decisionSchema } from '../schemas/decision.js'
import { FACTS_VERSION } from '../schemas/facts.js'
import { sha256 } from './bundle-files.js'
import { ruleEntries, type RuleEntry } from './rule-index.js'

export type BundleManifest = {
  readonly revision: string
  readonly roots: readonly string[]
  // Of the facts that the rules were written and checked for.
  readonly factsVersion: number | undefined
  readonly reads: readonly string[] | undefined
  readonly rules: readonly RuleEntry[]
}

export type ManifestContents = {
  readonly revision: string
  readonly reads: readonly string[] | undefined
  readonly rules: readonly RuleEntry[]
  // Of the OPA that compiled it: another may write other Wasm for the same sources.
  readonly opa: string
}

// Members in a fixed order, for bytes that are the same each time.
export function manifestText({ revision, reads, rules, opa }: ManifestContents): string {
  const metadata = {
    sallyport_decision_schema: decisionSchemaDigest(),
    sallyport_opa: opa,
    ...(reads === undefined ? {} : { sallyport_reads: reads }),
    sallyport_rules: rules,
    sallyport_schema: FACTS_VERSION,
  }
  return JSON.stringify({ revision, roots: [''], rego_version: 1, metadata })
}

export function readManifest(text: Buffer | undefined): BundleManifest {
  if (text === undefined) throw new Error('the bundle holds no .manifest: build it with opa build')
  const found: unknown = JSON.parse(text.toString('utf8'))
  const { revision, roots, metadata } = objectOf(found)
  const { sallyport_reads: reads, sallyport_schema: schema } = objectOf(metadata)
  return {
    revision: typeof revision === 'string' ? revision : '',
    roots: Array.isArray(roots)
      ? roots.map((root) => String(root).replace(/^\/+|\/+$/g, ''))
      : [''],
    factsVersion: typeof schema === 'number' ? schema : undefined,
    reads: Array.isArray(reads) ? reads.map(String) : undefined,
    rules: ruleEntries(objectOf(metadata)['sallyport_rules']),
  }
}

// Of what a decision may be, whatever the schema says about it in words.
export function decisionSchemaDigest(): string {
  return sha256(Buffer.from(canonicalJson(withoutWords(decisionSchema))))
}

function withoutWords(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutWords)
  if (typeof schema !== 'object' || schema === null) return schema
  const kept = Object.entries(schema).filter(
    ([key, value]) => !(['title', 'description'].includes(key) && typeof value === 'string'),
  )
  return Object.fromEntries(kept.map(([key, value]) => [key, withoutWords(value)]))
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {}
}
