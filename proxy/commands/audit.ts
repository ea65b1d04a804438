// `sallyport audit`: proves that a record is as it was written, that its decisions can be executed again
// with the same result, and hands it out for other tools. One verb a file.
import { commandOfVerbs, type Verbs } from './verbs.js'

const VERBS: Verbs = {
  verify: {
    summary: 'prove that the record is as it was written',
    load: () => import('./audit/verify.js'),
  },
  recheck: {
    summary: 'execute its decisions again, or that of a receipt, and name those that differ',
    load: () => import('./audit/recheck.js'),
  },
  prove: {
    summary: 'prove to anybody that a line is in the record',
    load: () => import('./audit/prove.js'),
  },
  consistency: {
    summary: 'prove that one checkpoint extends another: nothing was rolled back between them',
    load: () => import('./audit/consistency.js'),
  },
  receipt: {
    summary: 'one decision with all that it rests on, as a file that stands alone',
    load: () => import('./audit/receipt.js'),
  },
  reconcile: {
    summary: 'compare it with the target’s own log: what one has and the other lacks',
    load: () => import('./audit/reconcile.js'),
  },
  erase: {
    summary: 'erase what it holds about a person; hashes and proofs stay good',
    load: () => import('./audit/erase.js'),
  },
  export: {
    summary: 'print it as JSON lines, each command with facts and decision',
    load: () => import('./audit/export.js'),
  },
}

export const { help, hasVerbs, run } = commandOfVerbs('audit', VERBS, {
  usage: 'sallyport audit VERB [ARGUMENTS]   prove a record, to yourself and to others',
  closing: `sallyport audit VERB --help says more. A record is named by its directory, by --record DIR or by
--config FILE; left out, it is .sallyport/record.
Exit status: 0 the record is good, 1 it is not (the first bad record is named) or cannot be read,
2 wrong usage.
`,
})
