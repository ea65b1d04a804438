// The console's sections: what the sidebar shows, in which order, and by which keys they open.

export type Section = {
  readonly path: string
  readonly title: string
  readonly icon: string
  readonly key: string
  readonly group: 'work' | 'policy' | 'operate'
}

export const SECTIONS: readonly Section[] = [
  { path: '/approvals', title: 'Approvals', icon: 'approval', key: 'a', group: 'work' },
  { path: '/sessions', title: 'Sessions', icon: 'film', key: 's', group: 'work' },
  { path: '/search', title: 'Search', icon: 'search', key: '/', group: 'work' },
  { path: '/policies', title: 'Policies', icon: 'policy', key: 'p', group: 'policy' },
  { path: '/try', title: 'Try', icon: 'try', key: 't', group: 'policy' },
  { path: '/who-can', title: 'Who can', icon: 'people', key: 'w', group: 'policy' },
  { path: '/targets', title: 'Targets', icon: 'target', key: 'd', group: 'operate' },
  { path: '/health', title: 'Health', icon: 'health', key: 'h', group: 'operate' },
]
