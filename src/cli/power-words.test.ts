import { expect, it } from 'vitest';
import { absolutePower } from './power-words.ts';

it.each([
  ['files:./src', 'files:/home/ada/src'],
  ['files:..', 'files:/home'],
  ['files:.', 'files:/home/ada'],
  ['sql:sqlite:./a.db', 'sql:sqlite:/home/ada/a.db'],
  ['files:/srv', 'files:/srv'],
  ['files:src', 'files:src'],
  ['https://api.example', 'https://api.example'],
  ['github', 'github'],
  ['./github', './github'],
])('%s means %s', (words, meant) => {
  expect(absolutePower(words, '/home/ada')).toBe(meant);
});
