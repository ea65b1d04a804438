// The rewriting of a compiled policy: the same module each time, valid, and refused where it is not of
// the form that OPA's compiler gives.
/// <reference path="../../../engine/policy/web-assembly.d.ts" />
import { createHash } from 'node:crypto'
import t from 'tap'
import { FUEL_EXPORT, metered, STACK_EXPORT } from '../../../engine/policy/fuel.js'
import { sectionsOf, SECTION, unsigned } from '../../../engine/policy/wasm-binary.js'
import { chance } from '../../fuzz/chance.js'
import { builtWasm } from './opa-lab.js'

const LAB = 'package lab\n\nanswer := regex.match("^a+$", input.text)\n'

t.test('the rewriting of a compiled policy', async (t) => {
  const { wasm } = await builtWasm({ 'lab.rego': LAB }, ['lab/answer'])
  const module = Uint8Array.from(wasm)
  const sum = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

  t.test('the same module comes out each time, and it is valid', async (t) => {
    const [one, other] = [metered(module), metered(Uint8Array.from(module))]
    t.equal(sum(one), sum(other))
    t.ok(WebAssembly.validate(Uint8Array.from(one)))
    t.notOk(sectionsOf(one).some(({ id }) => id === SECTION.custom))
  })

  t.test('a module that was rewritten is not rewritten again', async (t) => {
    // Two exports of one name are not valid.
    t.notOk(WebAssembly.validate(Uint8Array.from(metered(metered(module)))))
  })

  t.test('it exports the fuel and the stack pointer, beside its own', async (t) => {
    const names = [FUEL_EXPORT, STACK_EXPORT, 'opa_eval', 'opa_malloc']
    const text = Buffer.from(metered(module)).toString('latin1')
    for (const name of names) t.ok(text.includes(name), name)
  })

  t.test('a module cut short or changed is refused, or still one that is valid', async (t) => {
    const random = chance(1)
    for (let turn = 0; turn < 100; turn++) {
      const changed = Uint8Array.from(module)
      const at = random.below(changed.length)
      changed[at] = random.below(256)
      const cut = random.below(3) === 0 ? changed.subarray(0, at) : changed
      // As `createEvaluator` does: only what is valid is rewritten.
      if (!WebAssembly.validate(Uint8Array.from(cut))) continue
      try {
        const out = Uint8Array.from(metered(cut))
        if (!WebAssembly.validate(out)) t.comment(`byte ${at}: not valid, and so refused`)
      } catch (thrown) {
        t.ok(thrown instanceof RangeError, String(thrown))
      }
    }
    t.pass('nothing else was thrown')
  })

  t.test('foreign modules are refused', async (t) => {
    const head = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]
    const env = [1, 0x61, 1, 0x62]
    for (const body of [
      [],
      // An imported global: section 2, one import, kind 3.
      [2, 2 + env.length + 1, 1, ...env, 3, 0x7f, 0],
      // A code section with nothing else.
      [10, 1, 0],
    ]) {
      t.throws(() => metered(Uint8Array.of(...head, ...body)), RangeError)
    }
  })
})

t.test('numbers are written as they are read', async (t) => {
  t.same([...unsigned(0)], [0])
  t.same([...unsigned(127)], [127])
  t.same([...unsigned(128)], [0x80, 1])
  t.same([...unsigned(2 ** 32 - 1)], [0xff, 0xff, 0xff, 0xff, 0x0f])
})
