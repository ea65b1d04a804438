// Folders of policies made for one test: a small composition of the shipped form, and files of the test's
// own. Removed with the test.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { policyFolder, type PolicyFolder } from '../../../../proxy/policies/folder.js'

// Decides as the shipped composition does, but for masks and approvals.
export const SMALL_MAIN = `package sallyport.main

import data.sallyport.policies

decision := {"action": "deny", "rules": _denials, "masks": [], "limits": {}} if {
	count(_denials) > 0
} else := {"action": "allow", "rules": [], "masks": [], "limits": {}}

degraded := decision

approval := {"allow": false, "reason": "nobody"}

_denials := sort(_deny | _uncovered)

_deny contains rule if some rule in policies.deny.any

_deny contains rule if {
	some effect in input.command.effects
	some rule in policies.deny[effect.op]
}

_uncovered contains {"id": "sallyport/not-covered", "message": "no policy allows this"} if {
	some at, effect in input.command.effects
	not _covered(effect.op, at)
}

_covered(op, at) if {
	some place in policies.allow[op]
	place == at
}
`

export const SMALL_RULES = `package sallyport.policies

# METADATA
# title: Everybody reads tables
# custom:
#   id: small/reading
#   severity: low
allow.read contains at if {
	some at, effect in input.command.effects
	effect.op == "read"
	effect.kind == "table"
}

# METADATA
# title: Nobody reads secrets
# custom:
#   id: small/secrets
#   severity: high
deny.read contains {"id": "small/secrets", "message": "secrets are secret"} if {
	some effect in input.command.effects
	startswith(effect.object, "secrets.")
}

deny.any contains {"id": "small/never", "message": ""} if input.session.purpose == "never"
`

export const SMALL_SETTINGS = `version: 1
identities:
  ada: {kind: human, groups: [engineers]}
  robot: {kind: agent}
targets:
  shop: {labels: {env: prod}}
`

export const SMALL_FILES: Readonly<Record<string, string>> = {
  'sallyport-policy.yaml': SMALL_SETTINGS,
  'policies/sallyport/main.rego': SMALL_MAIN,
  'policies/sallyport/policies/rules.rego': SMALL_RULES,
  'data/words/data.yaml': 'secret: [secrets.keys]\n',
}

type Test = { readonly teardown: (done: () => void) => void }

export function folderWith(t: Test, files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'sallyport-small-'))
  t.teardown(() => rmSync(root, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
  return root
}

export function smallFolder(
  t: Test,
  files: Readonly<Record<string, string>> = {},
): Promise<PolicyFolder> {
  return policyFolder(folderWith(t, { ...SMALL_FILES, ...files }))
}
