import { describe, expect, test } from 'vitest';
import { SpecError, readSpec } from '../../../src/job/spec/read-spec.js';
import type { Spec } from '../../../src/job/spec/spec.js';

/** All that is wrong with a spec; [] if nothing is. */
function faults(toml: string): readonly string[] {
  try {
    readSpec(toml, 'jobspecs/x.toml');
    return [];
  } catch (error) {
    if (error instanceof SpecError) return error.faults;
    throw error;
  }
}

const plain: Spec = {
  ...{ command: 'true', arguments: [], workingDirectory: undefined },
  ...{ preserve: [], timeout: 10, parameters: [] },
};

describe('a spec', () => {
  test.each<[string, string, Partial<Spec>]>([
    ['has ten seconds if it says nothing', '', {}],
    ['has ten seconds also if it says 0', 'Timeout = "0"', {}],
    ['knows durations of Go', 'Timeout = "1h2m3.5s"', { timeout: 3723.5 }],
    ['knows small ones, too', 'Timeout = "1500ms"', { timeout: 1.5 }],
    ['may have arguments', 'Arguments = ["-a", "b c", ""]', { arguments: ['-a', 'b c', ''] }],
    ['may say where', 'WorkingDirectory = "/srv"', { workingDirectory: '/srv' }],
    ['may say with an empty string that it does not say where', 'WorkingDirectory = ""', {}],
    ['may keep variables', 'PreserveEnvVars = ["PATH", "HOME"]', { preserve: ['PATH', 'HOME'] }],
    ['may write keys as it likes', 'timeout = "1s"\nARGUMENTS = ["x"]', { timeout: 1, arguments: ['x'] }],
    [
      'may have parameters',
      '[[Parameter]]\nName = "a-b c"\nType = "string"\n[[Parameter]]\nname = "n"\ntype = "int"',
      {
        parameters: [
          { name: 'a-b c', type: 'string' },
          { name: 'n', type: 'int' },
        ],
      },
    ],
    ['may hold strings of several lines', 'Arguments = ["""\nx\ny"""]', { arguments: ['x\ny'] }],
  ])('%s', (_title, toml, expected) => {
    expect(readSpec(`Command = "true"\n${toml}\n`, 'x')).toEqual({ ...plain, ...expected });
  });

  const good = 'Command = "true"\n';
  const goDuration = '(expected a duration of Go such as "90s" or "1h30m")';
  const listOfStrings = '(expected a list of strings)';
  test.each<[string, string, string[]]>([
    ['nothing', '', ['no Command (expected the program to run)']],
    ['an empty command', 'Command = ""', ['Command is "" (expected the program to run)']],
    ['a number as command', 'Command = 7', ['Command is 7 (expected the program to run)']],
    ['a list as command', 'Command = ["a"]', ['Command is ["a"] (expected the program to run)']],
    ['NUL in its command', 'Command = "a\\u0000"', ['Command is "a\\u0000" (expected the program to run)']],
    ['text as arguments', `${good}Arguments = "-x"`, [`Arguments is "-x" ${listOfStrings}`]],
    ['numbers as arguments', `${good}Arguments = [1, 2]`, [`Arguments is [1,2] ${listOfStrings}`]],
    ['NUL in an argument', `${good}Arguments = ["\\u0000"]`, [`Arguments is ["\\u0000"] ${listOfStrings}`]],
    [
      'a number as directory',
      `${good}WorkingDirectory = 1`,
      ['WorkingDirectory is 1 (expected a directory)'],
    ],
    [
      'a variable that is none',
      `${good}PreserveEnvVars = ["A=B"]`,
      ['PreserveEnvVars is ["A=B"] (expected a list of names of variables)'],
    ],
    [
      'a variable without a name',
      `${good}PreserveEnvVars = [""]`,
      ['PreserveEnvVars is [""] (expected a list of names of variables)'],
    ],
    ['a number as time limit', `${good}Timeout = 10`, [`Timeout is 10 ${goDuration}`]],
    ['a time limit without unit', `${good}Timeout = "10"`, [`Timeout is "10" ${goDuration}`]],
    ['a time limit in days', `${good}Timeout = "1d"`, [`Timeout is "1d" ${goDuration}`]],
    ['a time limit below zero', `${good}Timeout = "-1s"`, [`Timeout is "-1s" ${goDuration}`]],
    ['a time limit of years', `${good}Timeout = "99999h"`, [`Timeout is "99999h" ${goDuration}`]],
    ['no time in its time limit', `${good}Timeout = ""`, [`Timeout is "" ${goDuration}`]],
    ['a date as time limit', `${good}Timeout = 2020-01-01`, [`Timeout is "2020-01-01" ${goDuration}`]],
    ['a misspelt key', `${good}Timout = "1s"`, ['unknown key "Timout" (did you mean "Timeout"?)']],
    [
      'an unknown key',
      `${good}Shell = true`,
      [
        'unknown key "Shell" (known are Command, Arguments, WorkingDirectory, PreserveEnvVars, Timeout, Parameter)',
      ],
    ],
    [
      'a key of the prototype',
      `${good}__proto__ = 1`,
      [
        'unknown key "__proto__" (known are Command, Arguments, WorkingDirectory, PreserveEnvVars, Timeout, Parameter)',
      ],
    ],
    ['a key twice', `${good}command = "x"`, ['Command stands there twice, as "command", too']],
    [
      'one parameter in single brackets',
      `${good}[Parameter]\nName = "a"`,
      ['Parameter is {"Name":"a"} (expected sections [[Parameter]] with Name and Type)'],
    ],
    [
      'a parameter without a name',
      `${good}[[Parameter]]\nType = "int"`,
      ['Parameter 1: Name is missing (expected a name without "=")'],
    ],
    [
      'a parameter with "=" in its name',
      `${good}[[Parameter]]\nName = "a=b"\nType = "int"`,
      ['Parameter 1: Name is "a=b" (expected a name without "=")'],
    ],
    [
      'a parameter without a type',
      `${good}[[Parameter]]\nName = "a"`,
      ['Parameter 1: Type is missing (expected "string" or "int")'],
    ],
    [
      'a parameter of another type',
      `${good}[[Parameter]]\nName = "a"\nType = "float"`,
      ['Parameter 1: Type is "float" (expected "string" or "int")'],
    ],
    [
      'a parameter with an unknown key',
      `${good}[[Parameter]]\nName = "a"\nType = "int"\nDefualt = 1`,
      ['Parameter 1: unknown key "Defualt" (known are Name, Type)'],
    ],
    [
      'two parameters for one variable',
      `${good}[[Parameter]]\nName = "a-b"\nType = "int"\n[[Parameter]]\nName = "A b"\nType = "int"`,
      ['parameters "a-b" and "A b" would both be JOBMGR_PARAMETER_A_B'],
    ],
    [
      'several mistakes',
      'Arguments = 1\nTimout = "1s"',
      [
        'unknown key "Timout" (did you mean "Timeout"?)',
        'no Command (expected the program to run)',
        `Arguments is 1 ${listOfStrings}`,
      ],
    ],
  ])('with %s is refused, and all that is wrong is named', (_title, toml, expected) => {
    expect(faults(toml)).toEqual(expected.map((fault) => `jobspecs/x.toml: ${fault}`));
  });

  test('that is no TOML is refused with the place', () => {
    expect(faults('Command = "true"\nTimeout = 1s\n')).toEqual([
      expect.stringMatching(/^jobspecs\/x\.toml: line 2, column \d+: .+/),
    ]);
    expect(faults('Command = "true')).toEqual([
      expect.stringMatching(/^jobspecs\/x\.toml: line 1, column \d+: .+/),
    ]);
  });
});
