/** The house: a row of columns in the evening, drawn from the colours of the scheme. */
export function Colonnade({ className }: { className?: string | undefined }) {
  return (
    <svg
      aria-hidden="true"
      className={className}
      viewBox="0 0 600 800"
      preserveAspectRatio="xMidYMax slice"
    >
      <circle cx="430" cy="452" r="84" fill="var(--accent)" opacity="0.85" />
      <path d="M0 560 Q150 500 300 540 T600 500 V800 H0 Z" fill="currentColor" />
      <g fill="var(--paper)">
        <path d="M-40 250 L300 120 L640 250 V286 H-40 Z" />
        <path d="M-40 296 H640 V326 H-40 Z" />
        {columns.map((x) => (
          <path key={x} d={`M${x} 338 h84 v16 h-10 l6 372 h10 v18 h-96 v-18 h10 l6 -372 h-10 Z`} />
        ))}
        <path d="M-40 752 H640 V772 H-40 Z M-40 780 H640 V800 H-40 Z" />
      </g>
      <g stroke="var(--line)" strokeWidth="3" fill="none">
        {columns.flatMap((x) =>
          [26, 42, 58].map((at) => <path key={x + at} d={`M${x + at} 362 v356`} />),
        )}
      </g>
    </svg>
  )
}

const columns = [-12, 168, 348, 528]
