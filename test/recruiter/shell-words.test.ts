import { expect, test } from 'vitest';
import { shellWords } from '../../src/recruiter/shell-words.js';

test.for([
  ['', []],
  ['  \n ', []],
  ['--a --b=c', ['--a', '--b=c']],
  ['--a\n--b', ['--a', '--b']],
  ["--a='x y' '' b", ['--a=x y', '', 'b']],
  ['"a \\"b\\" \\x $HOME"', ['a "b" \\x $HOME']],
  ['a\\ b', ['a b']],
  ["it's", undefined],
  ['"open', undefined],
  ['end\\', undefined],
] as const)('%j is split as a shell would', ([text, words]) => {
  expect(shellWords(text)).toEqual(words);
});
