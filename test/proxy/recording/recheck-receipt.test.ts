// Only the very bundle that decided executes a receipt, and another decision is named.
import t from 'tap'
import { checkedReceipt } from '../../../proxy/recording/check-receipt.js'
import { differenceFrom } from '../../../proxy/recording/recheck-receipt.js'
import { decidedRecord, receiptFrom } from './receipt-lab.js'
import { emptyDirectory } from './sample-record.js'

t.test('another bundle, Wasm, revision or decision is named', async (t) => {
  const directory = emptyDirectory(t)
  const { policy } = await decidedRecord(directory)
  const check = checkedReceipt(receiptFrom(directory, { session: 's0', command: 3 }))
  if (!check.ok) throw new Error(check.what)
  const { told } = check
  t.equal(differenceFrom(told, policy), undefined)
  const named = (changes: Partial<typeof policy>): unknown =>
    differenceFrom(told, { ...policy, ...changes })
  t.match(named({ digest: 'x' }), { at: 'the bundle given', what: /digest is x/ })
  t.match(named({ wasmDigest: 'x' }), { at: 'the bundle given', what: /Wasm is x/ })
  t.match(named({ revision: 'x' }), { at: 'the bundle given', what: /revision is x/ })
  t.match(named({ decide: () => ({ action: 'deny', rules: [], masks: [], limits: {} }) }), {
    at: 'the decision',
    what: /now .*deny/,
  })
})
