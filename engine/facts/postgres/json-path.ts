// Paths of values below a document: `$.ssn`, `$.addresses[*].street`, `$["a key"]`. Where a document has another
// shape than a path expects (an array for an object, a text for either), what stands there is protected
// whole.

/** A key, or each element of an array. */
export type PathStep = { readonly key: string } | 'each'

const STEP = /^(?:\.([A-Za-z_][\w-]*)|\[\*\]|\["((?:[^"\\]|\\["\\])+)"\])/
const STEPS_MAX = 8

/** undefined where it is no path. */
export function pathSteps(path: string): readonly PathStep[] | undefined {
  if (!path.startsWith('$')) return undefined
  const steps: PathStep[] = []
  let rest = path.slice(1)
  while (rest !== '') {
    const found = STEP.exec(rest)
    if (found === null || steps.length === STEPS_MAX) return undefined
    const [whole, plain, quoted] = found
    const key = plain ?? quoted?.replaceAll(/\\(["\\])/g, '$1')
    steps.push(key === undefined ? 'each' : { key })
    rest = rest.slice(whole.length)
  }
  return steps.length === 0 ? undefined : steps
}
