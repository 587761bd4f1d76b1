import { customAlphabet } from 'nanoid';

/** Lower case without look-alikes: safe on every filesystem, and easy to read aloud. */
export const tokenAlphabet = '0123456789abcdefghjkmnpqrstvwxyz';
export const tokenLength = 10;

declare const token: unique symbol;
/** Names one assignment of a job, and with it one execution. */
export type Token = string & { readonly [token]: true };

/** 50 random bits, new at each assignment. */
export const newToken = customAlphabet<Token>(tokenAlphabet, tokenLength);
