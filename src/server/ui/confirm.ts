import { button, element } from './elements.js';

/** Asks before something that cannot be undone. The answer that changes nothing is the one at hand. */
export async function confirm(
  question: string,
  consequence: string,
  yes: string,
  no: string,
): Promise<boolean> {
  const dialog = element('dialog', { 'aria-labelledby': 'question', 'aria-describedby': 'consequence' });
  return new Promise((resolve) => {
    const answer = (value: boolean) => (): void => {
      resolve(value);
      dialog.close();
    };
    const keep = button(no, answer(false));
    dialog.append(
      element('h2', { id: 'question' }, question),
      element('p', { id: 'consequence' }, consequence),
      element('div', { class: 'answers' }, keep, button(yes, answer(true), 'grave')),
    );
    dialog.addEventListener('close', () => {
      resolve(false);
      dialog.remove();
    });
    document.body.append(dialog);
    dialog.showModal();
    keep.focus();
  });
}
