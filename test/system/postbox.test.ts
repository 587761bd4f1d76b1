import { expect, test } from 'vitest';
import { openPostbox } from '../../src/system/postbox.js';

test('What is sent or closed after a postbox was closed is lost, and does no harm', async () => {
  const postbox = (await openPostbox())!;
  const [address = ''] = postbox.addresses;
  const closed = postbox.close();
  postbox.send(Buffer.from('too late'), address);
  await closed;
  postbox.send(Buffer.from('later still'), address);
  await expect(postbox.close()).resolves.toBeUndefined();
});
