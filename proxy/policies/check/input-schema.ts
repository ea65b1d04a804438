// OPA looks for misspelled fields only where a package says which schema its input has. Without that line a
// rule that reads a field which does not exist is silent for ever.
import type { Finding } from '../findings.js'
import { problem, type Check } from './check.js'
import type { At } from './rego-tree.js'
import { resolved } from './scope.js'
import { walkLibrary } from './walk.js'

export const inputSchema: Check = {
  rules: { 'unchecked-input': 'a package reads the facts and does not say their schema' },
  run: ({ library }) => {
    const first = new Map<string, { readonly file: string; readonly at: At }>()
    walkLibrary(library, {
      term: (term, scope) => {
        const { file } = scope.placed
        if (library.hasSchema(scope.placed) || resolved(term, scope).root !== 'input') return
        const name = file.package.join('.')
        if (!first.has(name)) first.set(name, { file: file.file, at: term.at })
      },
    })
    return [...first].map(([name, place]): Finding => {
      const message = `package ${name} reads the facts without saying their schema, so misspelled fields are not found`
      const fix = 'write into the METADATA of the package:\n# schemas:\n#   - input: schema.input'
      return problem('unchecked-input', place, message, fix)
    })
  },
}
