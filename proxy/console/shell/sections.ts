// The console's sections: what the sidebar shows, in which order, and by which keys they open.

export type Section = {
  readonly path: string
  readonly title: string
  readonly icon: string
  readonly key: string
  readonly group: 'work' | 'policy' | 'operate'
  // Shown only to whom the policies give this; everybody may still ask by the address.
  readonly needs?: 'search' | 'policies' | 'health' | 'try_others'
}

export const SECTIONS: readonly Section[] = [
  { path: '/approvals', title: 'Approvals', icon: 'approval', key: 'a', group: 'work' },
  { path: '/sessions', title: 'Sessions', icon: 'film', key: 's', group: 'work' },
  { path: '/search', title: 'Search', icon: 'search', key: '/', group: 'work', needs: 'search' },
  {
    path: '/policies',
    title: 'Policies',
    icon: 'policy',
    key: 'p',
    group: 'policy',
    needs: 'policies',
  },
  { path: '/try', title: 'Try', icon: 'try', key: 't', group: 'policy' },
  {
    path: '/who-can',
    title: 'Who can',
    icon: 'people',
    key: 'w',
    group: 'policy',
    needs: 'try_others',
  },
  { path: '/targets', title: 'Targets', icon: 'target', key: 'd', group: 'operate' },
  { path: '/health', title: 'Health', icon: 'health', key: 'h', group: 'operate', needs: 'health' },
]
