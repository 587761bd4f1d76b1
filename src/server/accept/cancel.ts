import { cancelPlace } from '../../queue/cancel-place.js';
import { isLive } from '../../queue/places.js';
import { lookAgain } from './look-again.js';
import type { AcceptDesk } from './submission.js';

/** `asked`: its crew was told to stop it. `unknown`: there is no such job, or it is not there any more. */
export type Cancelled = 'cancelled' | 'asked' | 'ended' | 'unknown';

/** As `fjr cancel` does: what waits goes to `failed` as cancelled, what runs is stopped. */
export async function cancel(desk: Pick<AcceptDesk, 'served' | 'index'>, id: string): Promise<Cancelled> {
  const { files, layout, writer, clock } = desk.served;
  for await (const { place } of lookAgain(desk, id)) {
    if (!isLive(place)) return 'ended';
    const by = { writer, time: clock.timestamp() };
    switch (cancelPlace(files, layout, place, by)) {
      case 'withdrawn':
        return 'cancelled';
      case 'stopping':
        return 'asked';
      case 'over':
        // It has moved on.
        continue;
    }
  }
  return 'unknown';
}
