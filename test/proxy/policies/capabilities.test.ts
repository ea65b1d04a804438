// The list of builtins that OPA compiles into the Wasm is OPA's own: whatever may be called is built, and
// our host has what the module then asks for.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { bundleFiles } from '../../../engine/policy/bundle-files.js'
import { createEvaluator } from '../../../engine/policy/opa-wasm.js'
import {
  builtinNames,
  IMPURE,
  pureCapabilities,
  whyRefused,
} from '../../../proxy/policies/capabilities.js'
import { ran } from '../../../proxy/policies/opa.js'
import { opaPath } from '../../rego/library.js'

t.setTimeout(120_000)

// What the compiler takes away, or has another form than a call.
const NO_CALLS = /^(assign|eq|print|internal\..*|rego\.metadata\..*)$/

t.test('what may be called is compiled into the module or is in our host', async (t) => {
  const opa = await opaPath()
  const run = (args: readonly string[]): Promise<string> => ran(opa, args, { timeoutMs: 60_000 })
  const current = JSON.parse(await run(['capabilities', '--current'])) as {
    readonly builtins: readonly {
      readonly name: string
      readonly deprecated?: boolean
      readonly decl: { readonly args?: readonly unknown[] }
    }[]
  }
  const callable = current.builtins.filter(
    ({ name, deprecated }) =>
      deprecated !== true && !NO_CALLS.test(name) && whyRefused(name) === undefined,
  )
  const rules = callable.map(({ name, decl }, at) => {
    const args = (decl.args ?? []).map((_, n) => `input.a${at}_${n}`)
    return `r${at} := ${name}(${args.join(', ')})`
  })
  const work = mkdtempSync(join(tmpdir(), 'sallyport-capabilities-'))
  t.teardown(() => rmSync(work, { recursive: true, force: true }))
  writeFileSync(join(work, 'all.rego'), `package all\n\n${rules.join('\n\n')}\n`)
  writeFileSync(join(work, 'capabilities.json'), await pureCapabilities(run))
  const output = join(work, 'bundle.tar.gz')
  const how = ['-t', 'wasm', '-e', 'all', '--capabilities', join(work, 'capabilities.json')]
  execFileSync(opa, ['build', ...how, '-o', output, join(work, 'all.rego')])
  const wasm = (await bundleFiles(readFileSync(output))).get('policy.wasm')
  if (wasm === undefined) throw new Error('the bundle holds no policy.wasm')
  // Refuses by name whatever the module asks the host for and the host has not.
  const evaluator = createEvaluator({ wasm, data: '{}', fuel: 1_000_000 })
  t.same(evaluator.entrypoints, ['all'])
  t.ok(callable.length > 100)
})

t.test('no clock, network or chance, and nothing that our host has not', async (t) => {
  const opa = await opaPath()
  const run = (args: readonly string[]): Promise<string> => ran(opa, args, { timeoutMs: 60_000 })
  const names = await builtinNames(run)
  const allowed = JSON.parse(await pureCapabilities(run)) as {
    readonly builtins: readonly { readonly name: string }[]
    readonly allow_net: readonly string[]
  }
  const left = new Set(allowed.builtins.map(({ name }) => name))
  for (const name of IMPURE) t.notOk(left.has(name), name)
  t.same(allowed.allow_net, [])
  t.ok(left.has('count') && left.has('sprintf') && left.has('print'))
  t.same(
    names.filter((name) => !left.has(name) && whyRefused(name) === undefined),
    [],
  )
})
