// `sallyport labels`: which columns of a target are sensitive, proposed from the target itself and compared with it.
import { commandOfVerbs, type Verbs } from './verbs.js'

const VERBS: Verbs = {
  scan: {
    summary: 'propose labels from names, comments and sampled values, as a diff',
    load: () => import('./labels/scan.js'),
  },
  check: {
    summary: 'compare label rules with the columns that there are',
    load: () => import('./labels/check.js'),
  },
  derived: {
    summary: 'labels that followed data: list them, accept them as rules, dismiss one',
    load: () => import('./labels/derived.js'),
  },
}

export const { help, hasVerbs, run } = commandOfVerbs('labels', VERBS, {
  usage: 'sallyport labels VERB TARGET [ARGUMENTS]   which columns hold what',
  closing: `sallyport labels VERB --help says more.
Exit status: 0 good, 1 not good (findings, an unreachable target), 2 wrong usage.
`,
})
