// The people and programs of the demo, as the development issuer's tokens describe them.

export const ACCOUNT_NAMES = ['engineer', 'agent', 'pipeline', 'approver', 'auditor'] as const

export type AccountName = (typeof ACCOUNT_NAMES)[number]

export type Account = {
  readonly sub: string
  readonly preferred_username: AccountName
  readonly kind: 'human' | 'agent' | 'pipeline'
  readonly groups: readonly string[]
  readonly amr: readonly string[]
  readonly act?: { readonly sub: string }
}

export const ACCOUNTS: Readonly<Record<AccountName, Account>> = {
  engineer: {
    sub: 'engineer',
    preferred_username: 'engineer',
    kind: 'human',
    groups: ['engineers'],
    amr: ['pwd', 'mfa'],
  },
  // Acts for the engineer, as RFC 8693 §4.1 writes it: the subject is the person, `act` the program.
  agent: {
    sub: 'engineer',
    preferred_username: 'agent',
    kind: 'agent',
    groups: ['agents'],
    amr: [],
    act: { sub: 'agent' },
  },
  pipeline: {
    sub: 'pipeline',
    preferred_username: 'pipeline',
    kind: 'pipeline',
    groups: ['pipelines'],
    amr: [],
  },
  approver: {
    sub: 'approver',
    preferred_username: 'approver',
    kind: 'human',
    groups: ['approvers', 'policy-operators'],
    amr: ['pwd', 'mfa'],
  },
  // Watches what others did, and ends sessions.
  auditor: {
    sub: 'auditor',
    preferred_username: 'auditor',
    kind: 'human',
    groups: ['auditors', 'operators'],
    amr: ['pwd', 'mfa'],
  },
}

export function accountNamed(name: string | undefined): AccountName | undefined {
  return ACCOUNT_NAMES.find((one) => one === name)
}
