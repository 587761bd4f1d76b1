import { FjrError } from '../job/fjr-error.js';
import { parseLabels } from '../job/labels.js';

export function readLabels(what: string, text: string): string[] {
  const labels = parseLabels(text);
  if (labels !== undefined) return labels;
  throw new FjrError('usage', `${what} is "${text}"`, { hint: 'expected words separated by commas' });
}
