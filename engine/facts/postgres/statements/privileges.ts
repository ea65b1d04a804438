// GRANT, REVOKE, default privileges, ownership by role, and the statements about roles themselves.
import type {
  AlterDefaultPrivilegesStmt,
  AlterRoleSetStmt,
  AlterRoleStmt,
  GrantRoleStmt,
  GrantStmt,
  Node,
  RoleSpec,
} from 'libpg-query'
import type { Analysis } from '../analysis.js'
import { optionsOf } from '../tree.js'
import { objectEffect, objectKind } from './object-kinds.js'
import type { Context, Outcome, Readers } from './outcome.js'
import { settingEffect } from './settings.js'

export const PRIVILEGE_READERS = {
  GrantStmt: grant,
  GrantRoleStmt: grantRole,
  AlterDefaultPrivilegesStmt: defaultPrivileges,
  CreateRoleStmt: (body, { analysis }) => {
    roleEffect(analysis, 'create', body.role ?? '')
    return { tag: 'CREATE ROLE' }
  },
  AlterRoleStmt: alterRole,
  AlterRoleSetStmt: alterRoleSet,
  DropRoleStmt: (body, { analysis }) => {
    for (const role of body.roles ?? []) roleEffect(analysis, 'drop', nameOfRole(role))
    return { tag: 'DROP ROLE' }
  },
  DropOwnedStmt: (body, { analysis }) => {
    for (const role of body.roles ?? []) {
      const object = nameOfRole(role)
      analysis.effect({ op: 'drop', object, kind: 'role', detail: 'owned_objects' })
      analysis.effect({ op: 'unknown', object, kind: 'role' })
    }
    analysis.invalidate('catalogue')
    return { tag: 'DROP OWNED' }
  },
  ReassignOwnedStmt: (body, { analysis }) => {
    for (const role of body.roles ?? []) {
      const object = nameOfRole(role)
      analysis.effect({ op: 'alter', object, kind: 'role', detail: 'owned_objects' })
      analysis.effect({ op: 'unknown', object, kind: 'role' })
    }
    return { tag: 'REASSIGN OWNED' }
  },
} satisfies Readers

function grant(body: GrantStmt, { analysis }: Context): Outcome {
  const op = body.is_grant === true ? 'grant' : 'revoke'
  const type = body.objtype ?? 'OBJECT_TABLE'
  for (const detail of privilegesOf(body.privileges)) {
    for (const object of body.objects ?? []) {
      if (body.targtype === 'ACL_TARGET_ALL_IN_SCHEMA') {
        objectEffect(analysis, op, { type: 'OBJECT_SCHEMA', object, detail })
        analysis.effect({ op, object: '*', kind: objectKind(type), detail })
      } else {
        objectEffect(analysis, op, { type, object, detail })
      }
    }
  }
  for (const grantee of body.grantees ?? []) {
    analysis.effect({ op, object: nameOfRole(grantee), kind: 'role', detail: 'privileges' })
  }
  return { tag: op.toUpperCase() }
}

function privilegesOf(privileges: readonly Node[] | undefined): readonly string[] {
  if (privileges === undefined) return ['all']
  return privileges.map((node) =>
    'AccessPriv' in node ? (node.AccessPriv.priv_name ?? 'all') : 'all',
  )
}

function grantRole(body: GrantRoleStmt, { analysis }: Context): Outcome {
  const op = body.is_grant === true ? 'grant' : 'revoke'
  for (const node of body.granted_roles ?? []) {
    const object = 'AccessPriv' in node ? (node.AccessPriv.priv_name ?? '') : nameOfRole(node)
    analysis.effect({ op, object, kind: 'role', detail: 'member' })
  }
  return { tag: `${op.toUpperCase()} ROLE` }
}

function defaultPrivileges(body: AlterDefaultPrivilegesStmt, { analysis }: Context): Outcome {
  const op = body.action?.is_grant === true ? 'grant' : 'revoke'
  const kind = objectKind(body.action?.objtype)
  analysis.effect({ op, object: '*', kind, detail: 'default' })
  return { tag: 'ALTER DEFAULT PRIVILEGES' }
}

function alterRole(body: AlterRoleStmt, { analysis }: Context): Outcome {
  const object = roleName(body.role)
  analysis.effect({ op: 'alter', object, kind: 'role' })
  for (const option of optionsOf(body.options)) {
    analysis.effect({ op: 'alter', object, kind: 'role', detail: option.defname ?? '' })
  }
  return { tag: 'ALTER ROLE' }
}

function alterRoleSet(body: AlterRoleSetStmt, { analysis }: Context): Outcome {
  const object = body.role === undefined ? '*' : roleName(body.role)
  analysis.effect({ op: 'alter', object, kind: 'role', detail: 'setting' })
  analysis.effect(settingEffect(body.setstmt?.name ?? 'all', undefined))
  return { tag: 'ALTER ROLE' }
}

function roleEffect(analysis: Analysis, op: 'create' | 'drop', object: string): void {
  analysis.effect({ op, object, kind: 'role' })
}

function nameOfRole(node: Node): string {
  return 'RoleSpec' in node ? roleName(node.RoleSpec) : ''
}

export function roleName(role: RoleSpec | undefined): string {
  switch (role?.roletype) {
    case 'ROLESPEC_PUBLIC':
      return 'public'
    case 'ROLESPEC_CURRENT_ROLE':
    case 'ROLESPEC_CURRENT_USER':
      return 'current_user'
    case 'ROLESPEC_SESSION_USER':
      return 'session_user'
    case 'ROLESPEC_CSTRING':
    case undefined:
      return role?.rolename ?? ''
  }
}
