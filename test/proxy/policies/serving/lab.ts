// Small policies that say who they are, their bundles with any manifest, and what serving them told.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { gunzipSync, gzipSync } from 'node:zlib'
import { extract, pack } from 'tar-stream'
import type { Test } from 'tap'
import type { Policy } from '../../../../engine/policy/policy.js'
import { SMOKE_FACTS } from '../../../../engine/policy/smoke-facts.js'
import { systemClock } from '../../../../proxy/clock.js'
import { buildBundle } from '../../../../proxy/policies/build.js'
import {
  openServing,
  type Serving,
  type ServingEvent,
  type ServingOptions,
} from '../../../../proxy/policies/serving/serving.js'
import { openSource, type Source } from '../../../../proxy/policies/serving/source.js'
import { opaPath } from '../../../rego/library.js'

const WAIT_MS = 20_000

export function rules(id: string): string {
  return `package sallyport.main

decision := {"action": "deny", "rules": [{"id": "${id}", "message": ""}], "masks": [], "limits": {}}

degraded := decision

approval := {"allow": false, "reason": "nobody"}
`
}

export function ruleOf(policy: Policy): string {
  const [facts] = SMOKE_FACTS
  if (facts === undefined) throw new Error('there are no smoke cases')
  return policy.decide(facts, 'decision').rules[0]?.id ?? ''
}

export async function until(test: Test, what: string, holds: () => boolean): Promise<void> {
  const started = Date.now()
  while (!holds() && Date.now() - started < WAIT_MS) await delay(20)
  test.ok(holds(), what)
}

export function scratch(test: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-serving-'))
  test.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

// A bundle of these rules, its manifest changed as said.
export async function bundleOf(
  test: Test,
  text: string,
  manifest: Readonly<Record<string, unknown>> = {},
  files: Readonly<Record<string, string>> = {},
): Promise<Buffer> {
  const folder = scratch(test)
  for (const [name, content] of Object.entries({ 'main.rego': text, ...files })) {
    writeFileSync(join(folder, name), content)
  }
  const bytes = await buildBundle({ opa: await opaPath(), folder })
  return withFiles(bytes, (name, content) =>
    name.replace(/^\//, '') === '.manifest'
      ? Buffer.from(JSON.stringify(changed(JSON.parse(content.toString('utf8')), manifest)))
      : content,
  )
}

function changed(found: unknown, by: Readonly<Record<string, unknown>>): object {
  if (typeof found !== 'object' || found === null) throw new Error('a manifest is an object')
  return { ...found, ...by }
}

async function withFiles(
  bytes: Uint8Array,
  change: (name: string, content: Buffer) => Buffer,
): Promise<Buffer> {
  const reading = extract()
  const writing = pack()
  reading.end(gunzipSync(bytes))
  for await (const entry of reading) {
    const parts: Buffer[] = []
    for await (const part of entry) parts.push(part as Buffer)
    writing.entry({ name: entry.header.name }, change(entry.header.name, Buffer.concat(parts)))
  }
  writing.finalize()
  const packed: Buffer[] = []
  for await (const chunk of writing) packed.push(chunk as Buffer)
  return gzipSync(Buffer.concat(packed))
}

export type World = {
  readonly serving: Serving
  readonly events: ServingEvent[]
  // `event step rule-or-reason`, for reading.
  readonly story: () => readonly string[]
  readonly kept: Map<string, Uint8Array>
}

export type Given = Partial<ServingOptions> & {
  readonly source?: Source
  readonly path?: string
  // Where the standing is, and what was kept: to start again on them.
  readonly file?: string
  readonly kept?: Map<string, Uint8Array>
}

export async function served(test: Test, given: Given): Promise<World> {
  const { path = '', kept = new Map<string, Uint8Array>(), ...options } = given
  const events: ServingEvent[] = []
  const opa = await opaPath()
  const source = given.source ?? (await openSource({ kind: 'path', path, opa: async () => opa }))
  const opening = openServing({
    fuel: 5_000_000,
    verify: undefined,
    keep: (digest, bytes) => void kept.set(digest, bytes),
    keptBytes: (digest) => kept.get(digest),
    file: given.file ?? join(scratch(test), 'policy.json'),
    olderMayReturn: source.kind !== 'server',
    clock: systemClock,
    onActivated: () => undefined,
    onEvent: (event) => void events.push(event),
    ...options,
    source,
  })
  const serving = await opening.catch((problem: unknown) => {
    source.close()
    throw problem
  })
  test.teardown(() => serving.close())
  const story = (): readonly string[] =>
    events.map(({ event, step, reason, by }) =>
      [event, step, by, reason].filter((part) => part !== undefined).join(' '),
    )
  return { serving, events, story, kept }
}
