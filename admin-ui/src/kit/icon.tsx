// Icons as lines on a 16 by 16 grid, in the colour of the text beside them; never alone without a
// label.
const shapes = {
  api: 'M2 5h12M2 8h12M2 11h7',
  realm: 'M8 2l5.5 3v6L8 14l-5.5-3V5zM2.5 5L8 8l5.5-3M8 8v6',
  user: 'M8 8a2.7 2.7 0 1 0 0-5.4A2.7 2.7 0 0 0 8 8zM3 13.6c.5-2.6 2.4-4 5-4s4.5 1.4 5 4',
  group: 'M6 8a2.3 2.3 0 1 0 0-4.6A2.3 2.3 0 0 0 6 8zM2 13c.4-2 1.9-3.2 4-3.2S9.6 11 10 13M10.5 3.6a2.2 2.2 0 0 1 0 4.2M11.5 10c1.3.4 2.2 1.4 2.5 3',
  grant: 'M3 8.5l3.2 3.2L13 4.8',
  source: 'M8 14s4.5-4 4.5-7.3a4.5 4.5 0 1 0-9 0C3.5 10 8 14 8 14zM8 8.3a1.6 1.6 0 1 0 0-3.2 1.6 1.6 0 0 0 0 3.2z',
  client: 'M2.5 4h11v7h-11zM6 13.5h4M8 11v2.5',
  key: 'M10.5 8.5a3 3 0 1 0-3-3l.1.8L2.5 11.5v2h2.3V12h1.5v-1.5l1.7-1.8a3 3 0 0 0 2.5-.2zM11 5h.010',
  overview: 'M2.5 13V9M6.2 13V4M9.8 13V7M13.5 13V2.5',
  search: 'M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.3 10.3L14 14',
  plus: 'M8 3v10M3 8h10',
  copy: 'M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z',
  close: 'M4 4l8 8M12 4l-8 8',
  warning: 'M8 2.5L14.5 13.5h-13zM8 6.5v3.2M8 11.6v.1',
  check: 'M3 8.5l3.2 3.2L13 4.8',
  chevron: 'M4 6l4 4 4-4',
  sun: 'M8 10.8a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6zM8 1.5V3M8 13v1.5M1.5 8H3M13 8h1.5M3.4 3.4l1 1M11.6 11.6l1 1M12.6 3.4l-1 1M4.4 11.6l-1 1',
  moon: 'M13 9.8A5.5 5.5 0 0 1 6.2 3a5.5 5.5 0 1 0 6.8 6.8z',
  auto: 'M8 2.5a5.5 5.5 0 1 0 0 11zM8 2.5a5.5 5.5 0 0 1 0 11',
  terminal: 'M2.5 3h11v10h-11zM5 6.5L7 8.3 5 10M8.3 10.2h2.7',
  out: 'M6.5 2.5h-4v11h4M10 5l3 3-3 3M13 8H6',
  node: 'M2.5 2.5h11v4.5h-11zM2.5 9h11v4.5h-11zM5 4.8h.010M5 11.3h.010',
  audit: 'M3.5 2h6.5l2.5 2.5V14h-9zM6 7h4M6 9.5h4',
} as const;

export type IconName = keyof typeof shapes;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={shapes[name]} />
    </svg>
  );
}
