// What was measured, as text.
export function describeMachine({ machine, quick }) {
  const peers = Object.entries(machine.peers).map(([name, version]) => `${name} ${version}`);
  return [
    `node ${machine.node}, ${machine.cores} cores, ${machine.kernel}, load ${machine.load}`,
    `${machine.filesystem} in ${machine.directory}`,
    peers.join(', '),
    ...machine.missing.map((name) => `left out: ${name} is not installed`),
    ...(quick ? ['--quick: smaller than what the goals are meant for, so that starting up weighs more'] : []),
  ];
}

export function describeScenario(name, { title, figures, notes, skipped, goals }) {
  const header = ['', 'unit', 'median', 'min', 'max', ...(figures.some(hasRatio) ? ['fjr is'] : [])];
  const rows = figures.map((figure) => [
    figure.what,
    figure.unit,
    ...[figure.median, figure.min, figure.max].map(digits),
    figure.ratio === undefined ? '' : `${digits(figure.ratio)} ×`,
  ]);
  return [
    `\n${name}: ${title}`,
    ...aligned([header, ...rows]),
    ...notes.map(({ what, text }) => `  ${what}: ${text}`),
    ...skipped.map(({ what, why }) => `  left out: ${what}: ${why}`),
    ...goals.map(describeGoal),
  ];
}

function describeGoal({ goal, figure, unit, reached }) {
  const wanted = `  goal: ${goal} ${unit}`.trimEnd();
  if (figure === undefined) return `${wanted}: not measured`;
  return `${wanted}: ${digits(figure)}, ${reached ? 'reached' : 'NOT reached'}`;
}

const hasRatio = ({ ratio }) => ratio !== undefined;

/** Three digits that count. */
function digits(number) {
  if (Math.abs(number) >= 100) return String(Math.round(number));
  return String(Number(number.toPrecision(3)));
}

function aligned(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows.map((row) =>
    `  ${row.map((cell, column) => (column < 2 ? cell.padEnd(widths[column]) : cell.padStart(widths[column] ?? 0))).join('  ')}`.trimEnd(),
  );
}
