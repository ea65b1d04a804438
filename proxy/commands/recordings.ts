// `sallyport recordings`: what clients sent and saw, as it lies sealed beside the record. One verb a file.
import { commandOfVerbs, type Verbs } from './verbs.js'

const VERBS: Verbs = {
  list: {
    summary: 'the recordings that there are, and until when',
    load: () => import('./recordings/list.js'),
  },
  show: {
    summary: 'one, frame by frame; needs its key',
    load: () => import('./recordings/show.js'),
  },
  verify: {
    summary: 'hold all of them, or one, against the record',
    load: () => import('./recordings/verify.js'),
  },
  rewrap: {
    summary: 'seal the keys of all recordings with recordings.key',
    load: () => import('./recordings/rewrap.js'),
  },
  hold: {
    summary: 'put a session, a person or a target under legal hold; without arguments: the holds',
    load: () => import('./recordings/hold.js'),
  },
  release: { summary: 'end a legal hold', load: () => import('./recordings/release.js') },
  delete: {
    summary: 'delete one, with a line in the record that says so',
    load: () => import('./recordings/delete.js'),
  },
}

export const { help, hasVerbs, run } = commandOfVerbs('recordings', VERBS, {
  usage: 'sallyport recordings VERB [ARGUMENTS]   what clients sent and saw',
  closing: `sallyport recordings VERB --help says more. Watch one with “sallyport sessions replay”.
Exit status: 0 done, 1 not done and why on standard error, 2 wrong usage.
`,
})
