import { BlockList, isIP } from 'node:net';
import { FjrError } from '../job/fjr-error.js';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether only this host reaches an address. */
export function isLoopback(address: string): boolean {
  const version = isIP(address);
  if (version === 0) return address === 'localhost';
  return loopback.check(address, version === 4 ? 'ipv4' : 'ipv6');
}

export interface Exposure {
  readonly listen: string;
  readonly tls: boolean;
  /** The user knows that anybody on the way can read tokens. */
  readonly insecure: boolean;
  /** Whether tokens are asked for. */
  readonly auth: boolean;
}

/** Refuses what would open a project to more people than its owner may have thought of. */
export function checkExposure({ listen, tls, insecure, auth }: Exposure): void {
  if (isLoopback(listen)) return;
  if (!auth)
    throw new FjrError('usage', `--no-auth lets everybody in who reaches ${listen}`, {
      hint: 'listen on 127.0.0.1, or make tokens: fjr token add NAME --scope read,submit',
    });
  if (!tls && !insecure)
    throw new FjrError('usage', `on ${listen} tokens would go over the network for everybody to read`, {
      hint: 'give --tls-cert and --tls-key; or --insecure-listen, where something in front of it does TLS',
    });
}
