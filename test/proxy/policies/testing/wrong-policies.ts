// Policies that are wrong in one way each: the shipped ones with one change, and which test must notice it
// with which words. A table; it only grows.

export type WrongPolicy = {
  readonly name: string
  readonly file: string
  readonly change: readonly (readonly [from: string, to: string])[]
  // Name of a test that must fail, its verdict, and what it must say.
  readonly caught: string
  readonly verdict: 'failed' | 'differs'
  readonly says: RegExp
}

const MAIN = 'policies/sallyport/main.rego'
const RULES = 'policies/sallyport/policies'

export const WRONG_POLICIES: readonly WrongPolicy[] = [
  {
    name: 'the composition forgets the denials of an operation',
    file: MAIN,
    change: [['some rule in policies.deny[op]', 'some rule in policies.deny[op]\n\tfalse']],
    caught: 'a denial wins',
    verdict: 'failed',
    says: /expected {2}(deny, since|every rule of deny that speaks)/,
  },
  {
    name: 'an approval comes before a denial',
    file: MAIN,
    change: [
      [
        'count(_denials) > 0\n} else := {\n\t"action": "require',
        'count(_denials) > 0\n\tcount(_holds) == 0\n} else := {\n\t"action": "require',
      ],
    ],
    caught: 'a denial wins',
    verdict: 'failed',
    says: /came {6}require-approval/,
  },
  {
    name: 'a grant overrules a denial',
    file: MAIN,
    change: [
      [
        'count(_denials) > 0\n} else := {\n\t"action": "require',
        'count(_denials) > 0\n\tcount(input.grants) == 0\n} else := {\n\t"action": "require',
      ],
    ],
    caught: 'a denial wins',
    verdict: 'failed',
    says: /session {2}.*grants (command|session)/,
  },
  {
    name: 'one covered effect covers all',
    file: MAIN,
    change: [
      ['not _covered(effect.op, at)', 'not _some_covered'],
      [
        '_not_covered(effect) :=',
        '_some_covered if {\n\tsome at, effect in input.command.effects\n\t_covered(effect.op, at)\n}\n\n_not_covered(effect) :=',
      ],
    ],
    caught: 'an allow needs every effect covered',
    verdict: 'failed',
    says: /deny, once the command also does “\w+ other nowhere\.nothing”, which alone is denied/,
  },
  {
    name: 'a look-up behind a computed key, which Wasm gets wrong',
    file: MAIN,
    change: [['not _covered(effect.op, at)', 'not policies.allow[effect.op][at]']],
    caught: 'the Wasm decides as OPA does',
    verdict: 'differs',
    says: /expected {2}in OPA, asked for a decision: deny \(sallyport\/not-covered/,
  },
  {
    name: 'masks of a command are lost while nobody can be asked',
    file: MAIN,
    change: [
      [
        '} else := decision\n',
        '} else := {"action": "allow", "rules": [], "masks": [], "limits": {}}\n',
      ],
    ],
    caught: 'degraded is never weaker',
    verdict: 'failed',
    says: /came {6}a weaker action: allow/,
  },
  {
    name: 'a mask less while nobody can be asked',
    file: MAIN,
    change: [
      [
        '} else := decision\n',
        '} else := object.union(decision, {"masks": array.slice(decision.masks, 0, 1)})\n',
      ],
    ],
    caught: 'degraded is never weaker',
    verdict: 'failed',
    says: /without the mask of pattern:/,
  },
  {
    name: 'no limits while nobody can be asked',
    file: MAIN,
    change: [
      [
        '} else := decision\n',
        '} else := object.union(object.remove(decision, ["limits"]), {"limits": {}})\n',
      ],
    ],
    caught: 'degraded is never weaker',
    verdict: 'failed',
    says: /a wider (rows_max|timeout_ms)/,
  },
  {
    name: 'rules are named in the order of a set',
    file: MAIN,
    change: [
      [
        'some pair in sort({[rule.id, rule] | some rule in rules})]',
        'some pair in {[rule.id, rule] | some rule in rules}]',
      ],
    ],
    caught: 'the Wasm decides as OPA does',
    verdict: 'differs',
    says: /in OPA, asked for a (decision|degraded): deny/,
  },
  {
    name: 'masks of a method that does not exist, for pipelines',
    file: `${RULES}/personal_data.rego`,
    change: [
      [
        '# METADATA\n# title: Why there are masks',
        'mask contains {"match": "label:pii", "method": "hide"} if input.identity.kind == "pipeline"\n\n# METADATA\n# title: Why there are masks',
      ],
    ],
    caught: 'every decision is well-formed',
    verdict: 'failed',
    says: /sallyport\/malformed-decision: .*\/masks/,
  },
  {
    name: 'an approval that names nobody who may give it',
    file: 'data/approvals/data.yaml',
    change: [['approvers: [approvers]', 'approvers: []']],
    caught: 'every decision is well-formed',
    verdict: 'failed',
    says: /sallyport\/malformed-decision: .*\/approval\/approvers/,
  },
  {
    name: 'two answers to who somebody is',
    file: 'policies/sallyport/facts.rego',
    change: [
      [
        '} else := input.identity.kind',
        '}\n\nkind := input.identity.kind if input.identity.kind != ""',
      ],
    ],
    caught: 'every decision is well-formed',
    verdict: 'failed',
    says: /sallyport\/trap/,
  },
  {
    name: 'no decision at all on Sundays',
    file: MAIN,
    change: [
      [
        '} else := {"action": "allow", "rules": [], "masks": [], "limits": _limits}',
        '} else := {"action": "allow", "rules": [], "masks": [], "limits": _limits} if input.time.weekday != "sunday"',
      ],
      [
        'count(_masks) + count(_filters) > 0\n} else',
        'count(_masks) + count(_filters) > 0\n\tinput.time.weekday != "sunday"\n} else',
      ],
    ],
    caught: 'every decision is well-formed',
    verdict: 'failed',
    says: /sallyport\/undefined: the policy has no answer/,
  },
  {
    name: 'a wide delete is only one without WHERE',
    file: `${RULES}/destructive.rego`,
    change: [['_wide := {"absent", "trivial", "range", "cursor"}', '_wide := {"absent"}']],
    caught: 'a condition that is always true is none',
    verdict: 'failed',
    says: /expected {2}action require-approval\ncame {6}action mask-fields/,
  },
  {
    name: 'programs read in the clear for people who may',
    file: 'policies/sallyport/facts.rego',
    change: [['clear_reader if {\n\thuman\n', 'clear_reader if {\n']],
    caught: 'a program sees none, whatever its groups are',
    verdict: 'failed',
    says: /who {6}agent \(agent; groups agents, pii-readers\)/,
  },
  {
    name: 'an approval without the masks that hold once approved',
    file: MAIN,
    change: [['"masks": _masks,\n\t"approval"', '"masks": [],\n\t"approval"']],
    caught: 'what is approved comes back masked',
    verdict: 'failed',
    says: /expected {2}masked customers\.ssn\ncame {6}masked \(none\)/,
  },
]
