declare const FJR_VERSION: string;

/** Put in place of the name when the programs are bundled. */
export const version: string = FJR_VERSION;
