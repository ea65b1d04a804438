// Ids that were once committed and are gone. Records go on naming rules by them, so each is to be kept in
// `retired:` of sallyport-policy.yaml, where it cannot be given to another rule by mistake.
import { join, relative } from 'node:path'
import { SETTINGS_FILE } from '../folder.js'
import { problem, type Check, type CheckInput } from './check.js'
import { ownAnnotation } from './metadata.js'

// How far back; a line of an annotation in a patch.
const COMMITS_MAX = 2000
const ADDED = /^[-+]# +id: +(\S+\/\S+)$/gm

export const idHistory: Check = {
  rules: { 'rule-id-lost': 'an id of the Git history is gone and not retired' },
  run: async (input) => {
    const { library, settings } = input
    // Without settings there is nowhere to keep them.
    if (library.folder.policies === library.folder.root) return []
    const kept = new Set(settings.retired ?? [])
    // Whatever they add to: limits and recordings have ids, too.
    for (const policy of library.rules) kept.add(String(ownAnnotation(policy)?.custom['id']))
    const lost = [...(await committedIds(input))].filter((id) => !kept.has(id)).sort()
    if (lost.length === 0) return []
    const place = { file: SETTINGS_FILE, at: { line: 1, column: 1 } }
    const [them, they] = lost.length === 1 ? ['it', 'it was'] : ['them', 'they were']
    const message = `${lost.join(', ')}: no rule has ${them} any more, but ${they} committed, and records may name ${them}`
    const fix = `write: retired: [${[...kept]
      .filter((id) => settings.retired?.includes(id))
      .concat(lost)
      .join(', ')}]`
    return [problem('rule-id-lost', place, message, fix, 'warning')]
  },
}

// None outside of Git.
async function committedIds({ library, git }: CheckInput): Promise<ReadonlySet<string>> {
  const { root, policies } = library.folder
  const within = relative(root, policies)
  const how = [
    '--format=',
    '--patch',
    '--unified=0',
    '--no-color',
    '--no-ext-diff',
    '--no-textconv',
  ]
  const args = ['log', ...how, `--max-count=${COMMITS_MAX}`, '--', join(within, '*.rego')]
  const patch = await git(args).catch(() => '')
  return new Set([...patch.matchAll(ADDED)].flatMap(([, id]) => (id === undefined ? [] : [id])))
}
