// Small line drawings, as paths on a grid of 16: a table by name.

const PATHS: Readonly<Record<string, string>> = {
  approval: 'M2.5 4.5h11v7h-11z M5.5 8l1.8 1.8L11 6.3',
  film: 'M2.5 3.5h11v9h-11z M5.5 3.5v9 M10.5 3.5v9 M2.5 8h3 M10.5 8h3',
  search: 'M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9z M10.3 10.3l3.2 3.2',
  policy: 'M8 1.8l5 2v4c0 3-2 5.2-5 6.4-3-1.2-5-3.4-5-6.4v-4z M6 7.8l1.5 1.5L10.2 6.4',
  try: 'M3 4l3.5 3.5L3 11 M8 12h5',
  people:
    'M6 7.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z M1.8 13c.4-2.4 2-3.8 4.2-3.8s3.800 1.400 4.200 3.800 M10.500 2.800a2.300 2.300 0 0 1 0 4.400 M12 9.600c1.300.500 2 1.700 2.300 3.400',
  target:
    'M8 5.500c3 0 5-.800 5-1.800S11 2 8 2s-5 .700-5 1.700 2 1.800 5 1.800z M3 3.700v8.600c0 1 2 1.700 5 1.700s5-.700 5-1.700V3.700 M3 8c0 1 2 1.800 5 1.800S13 9 13 8',
  health: 'M1.500 8.500h3L6.500 4l3 8 2-3.500h3',
  menu: 'M2.500 4.500h11 M2.500 8h11 M2.500 11.500h11',
  sun: 'M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6z M8 1.500v1.500 M8 13v1.500 M1.500 8H3 M13 8h1.500 M3.400 3.400l1 1 M11.600 11.600l1 1 M3.400 12.600l1-1 M11.600 4.400l1-1',
  moon: 'M13 9.500A5.500 5.500 0 0 1 6.500 3a5.500 5.500 0 1 0 6.500 6.500z',
  system: 'M2 3h12v8H2z M6 14h4 M8 11v3',
  keys: 'M1.500 4h13v8.500h-13z M4 6.800h.1 M6.700 6.800h.1 M9.300 6.800h.1 M12 6.800h.1 M4.500 9.800h7',
  leave: 'M6.500 2.500h-4v11h4 M6 8h8 M11.300 5.300L14 8l-2.700 2.700',
  play: 'M4.500 2.800v10.400L13 8z',
  pause: 'M5 3v10 M11 3v10',
  next: 'M3.500 3v10L10 8z M12.500 3v10',
  back: 'M12.500 3v10L6 8z M3.500 3v10',
  stop: 'M4 4h8v8H4z',
  panel: 'M2 3h12v10H2z M10 3v10',
  link: 'M6.500 9.500l3-3 M7 4.500l1-1a3.200 3.200 0 0 1 4.500 4.500l-1 1 M9 11.500l-1 1A3.200 3.200 0 0 1 3.500 8l1-1',
  clock: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12z M8 4.800V8l2.200 1.500',
  allow: 'M3 8.500l3.200 3.200L13 4.800',
  deny: 'M4 4l8 8 M12 4l-8 8',
  hold: 'M5.500 3.500v9 M10.500 3.500v9',
  mask: 'M3 5h10 M3 8h10 M3 11h10',
  warn: 'M8 2.200l6.200 11.300H1.800z M8 6.500v3.200 M8 11.600v.1',
  arrow: 'M3 8h10 M9.500 4.500L13 8l-3.500 3.500',
  lock: 'M3.500 7.500h9v6h-9z M5.500 7.500V5a2.500 2.500 0 0 1 5 0v2.500',
  rows: 'M2.500 3.500h11v9h-11z M2.500 6.500h11 M2.500 9.500h11 M6 3.500v9',
  chain: 'M3 3.500h4v3H3z M9 9.500h4v3H9z M5 6.500V11h4',
}

export function Icon({ name, size = 16 }: { readonly name: string; readonly size?: number }) {
  return (
    <svg
      class="icon"
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      stroke-width="1.4"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name] ?? ''} />
    </svg>
  )
}
