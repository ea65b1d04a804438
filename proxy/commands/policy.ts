// `sallyport policy`: everything that is done with policies away from traffic, one verb a file.
import { commandOfVerbs, type Verbs } from './verbs.js'

const VERBS: Verbs = {
  init: {
    summary: 'a policy repository to begin with, that passes its own tests',
    load: () => import('./policy/init.js'),
  },
  check: {
    summary: 'what is wrong with policies: file, line, and how to write it',
    load: () => import('./policy/check.js'),
  },
  test: {
    summary: 'run Rego tests, command tests and properties, by OPA and on the Wasm',
    load: () => import('./policy/test.js'),
  },
  mutate: {
    summary: 'which small changes of the policies no test would notice',
    load: () => import('./policy/mutate.js'),
  },
  build: {
    summary: 'make a bundle: the same bytes for the same commit, everywhere',
    load: () => import('./policy/build.js'),
  },
  sign: {
    summary: 'add a signature to a bundle, or make keys to sign with',
    load: () => import('./policy/sign.js'),
  },
  verify: {
    summary: 'who signed a bundle, and whether it can decide',
    load: () => import('./policy/verify.js'),
  },
  can: {
    summary: 'what an identity can do, needs an approval for, and never can',
    load: () => import('./policy/can.js'),
  },
  predict: {
    summary: 'what a gateway would do with a migration or a script',
    load: () => import('./policy/predict.js'),
  },
  explain: {
    summary: 'why a command was decided so, and what would pass',
    load: () => import('./policy/explain.js'),
  },
  diff: {
    summary: 'what a change lets through or holds back, each flip with a command',
    load: () => import('./policy/diff.js'),
  },
  backtest: {
    summary: 'which recorded commands would have gone differently',
    load: () => import('./policy/backtest.js'),
  },
  bisect: {
    summary: 'which commit first changed the decision of a command',
    load: () => import('./policy/bisect.js'),
  },
  hits: {
    summary: 'how often each rule spoke, and which never did',
    load: () => import('./policy/hits.js'),
  },
  status: {
    summary: 'which policies decide in a running gateway',
    load: () => import('./policy/status.js'),
  },
  history: {
    summary: 'which bundles were in force, and what changed between two',
    load: () => import('./policy/history.js'),
  },
  activate: {
    summary: 'have a running gateway take what its source has, now',
    load: () => import('./policy/activate.js'),
  },
  rollback: {
    summary: 'put the bundle before back in force, and hold it',
    load: () => import('./policy/rollback.js'),
  },
  pin: {
    summary: 'hold a bundle that was in force; --off follows the source again',
    load: () => import('./policy/pin.js'),
  },
  shadow: {
    summary: 'what the policies in the shadow would have decided otherwise',
    load: () => import('./policy/shadow.js'),
  },
}

export const { help, hasVerbs, run } = commandOfVerbs('policy', VERBS, {
  usage: 'sallyport policy VERB [ARGUMENTS]   write, test, prove, ship policies',
  closing: `sallyport policy VERB --help says more. Where a verb takes a folder of policies, it is the current one
when left out.
Exit status: 0 good, 1 not good (findings, failed tests, differences, refusals), 2 wrong usage.
`,
})
