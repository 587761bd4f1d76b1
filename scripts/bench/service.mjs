// A crew and a dispatcher that wait for jobs, as a group has them all day.
export async function startService(bench, project, crews) {
  const started = crews.map(({ workers, args = [] }) => project.startCrew(workers, ...args));
  await project.idle(crews.reduce((sum, { workers }) => sum + workers, 0));
  const dispatcher = project.start('fjr-dispatcher', ['--keep-running'], 'pipe');
  await bench.processes.until('the dispatcher has started', () =>
    dispatcher.printed.includes('Started on project'),
  );
  return {
    dispatcher,
    async stop() {
      // The dispatcher first: else it would give the others what a crew leaves behind.
      for (const program of [dispatcher, ...started]) await bench.processes.stop(program);
    },
  };
}
