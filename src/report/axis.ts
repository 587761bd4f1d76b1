import { type Content, type Markup, element } from './markup.js';
import type { Scale } from './scale.js';

/** The area of a plot within its drawing. Units are those of the drawing: about a pixel at its full width. */
export interface Frame {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** How wide all drawings are. */
export const plotWidth = 960;

export function frameOf(height: number, left: number): Frame {
  return { left, top: 14, right: plotWidth - 24, bottom: 14 + height };
}

/** A frame with room on its left for these texts, and for the axis' name. */
export function frameBeside(height: number, ticks: readonly { readonly text: string }[]): Frame {
  return frameOf(height, 38 + 7.2 * Math.max(...ticks.map(({ text }) => text.length)));
}

export interface Tick {
  readonly value: number;
  readonly text: string;
}

/** An axis below the plot, with its name. */
export function xAxis(frame: Frame, scale: Scale, ticks: readonly Tick[], name: string): Markup {
  const { left, right, top, bottom } = frame;
  return element(
    'g',
    { class: 'axis' },
    ticks.map(({ value, text }) => {
      const x = scale(value);
      return [
        element('line', { class: 'grid', x1: x, x2: x, y1: top, y2: bottom }),
        element('text', { x, y: bottom + 17, 'text-anchor': 'middle' }, text),
      ];
    }),
    element('line', { x1: left, x2: right, y1: bottom, y2: bottom }),
    element('text', { class: 'name', x: (left + right) / 2, y: bottom + 36, 'text-anchor': 'middle' }, name),
  );
}

/** An axis left of the plot; its name stands upright. */
export function yAxis(frame: Frame, scale: Scale, ticks: readonly Tick[], name: string): Markup {
  const { left, right, top, bottom } = frame;
  const middle = (top + bottom) / 2;
  return element(
    'g',
    { class: 'axis' },
    ticks.map(({ value, text }) => {
      const y = scale(value);
      return [
        element('line', { class: 'grid', x1: left, x2: right, y1: y, y2: y }),
        element('text', { x: left - 8, y: y + 4, 'text-anchor': 'end' }, text),
      ];
    }),
    element(
      'text',
      { class: 'name', transform: `rotate(-90 14 ${middle})`, x: 14, y: middle, 'text-anchor': 'middle' },
      name,
    ),
  );
}

/** A drawing with a text for those who do not see it. */
export function drawing(height: number, label: string, ...content: readonly Content[]): Markup {
  return element(
    'svg',
    { viewBox: `0 0 ${plotWidth} ${height}`, role: 'img', 'aria-label': label },
    ...content,
  );
}
