export const slow = {
  title: 'x',
  about: 'y',
  rounds: { full: 1, quick: 0 },
  async round() {},
  goals: () => [],
};
