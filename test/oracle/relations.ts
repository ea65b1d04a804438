// What made queries may read: the relations of `worlds.ts` with the kind of each column.

export type Kind = 'int' | 'text' | 'date' | 'bool'
export type Column = { readonly name: string; readonly kind: Kind }
export type RelationMade = {
  readonly name: string
  readonly columns: readonly Column[]
  /** Others inherit from it or are its parts: ONLY means something. */
  readonly inherited?: true
}

// In the order of the relation's columns, as `*` gives them.
export const RELATIONS: readonly RelationMade[] = [
  {
    name: 'people',
    inherited: true,
    columns: columns('id int, name, ssn, email, born date, salary int, region, code'),
  },
  {
    name: 'contractors',
    columns: columns('id int, name, ssn, email, born date, salary int, region, code, agency'),
  },
  {
    name: 'orders',
    columns: columns('id int, person_id int, ssn, total int, placed date, region'),
  },
  { name: 'cards', columns: columns('id int, owner_ssn, active bool, kind') },
  { name: 'events', columns: columns('id int, person_id int, ssn, at date, kind') },
  { name: 'regions', columns: columns('name, head int') },
  { name: 'northerners', columns: columns('id int, name, ssn, region') },
  { name: 'spending', columns: columns('ssn, n int, total int') },
]

// `name kind, …`; text where no kind is said.
function columns(list: string): readonly Column[] {
  return list.split(', ').map((one) => {
    const [name = '', kind = 'text'] = one.split(' ')
    return { name, kind: kind as Kind }
  })
}
