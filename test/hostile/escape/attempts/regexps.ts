import { attempts } from '../attempt.ts';

export const REGEXPS = attempts('regular expressions', [
  {
    name: 'statics of its own RegExp',
    code: `await send(host).pattern(); return RegExp.$1 || RegExp.lastMatch || RegExp.input;`,
  },
  {
    name: 'statics in another writing',
    code: `await send(host).pattern(); return RegExp['$&'] || RegExp['$_'] || RegExp['$+'];`,
  },
  {
    name: 'statics of the host’s RegExp',
    code: `return host.pattern().constructor.$1;`,
    through: true,
  },
  {
    name: 'input of the host’s RegExp',
    code: `return host.pattern().constructor.input;`,
    through: true,
  },
  {
    name: 'statics after the neighbour matched',
    code: `/a/.exec('a');`,
    neighbour: `/(.+)/.exec(secret);`,
    after: `return RegExp.$1;`,
  },
  {
    name: 'exec that is replaced, when the host splits',
    code: `
      let found;
      const pattern = /b/;
      pattern.exec = function (text) { found = grab(this) ?? grab(arguments); return null; };
      await send(host).match(pattern); await send(host).split(pattern);
      return found;`,
  },
  {
    name: 'exec of the prototype',
    code: `RegExp.prototype.exec = () => [token];`,
    neighbour: `return 'a'.match(/a/)?.[0];`,
  },
  {
    name: 'Symbol.match of an object of its own',
    code: `
      let found;
      await send(host).match({ [Symbol.match](...given) { found = grab(given) ?? grab(this); return host.list(); } });
      return found;`,
  },
  {
    name: 'Symbol.split of an object of its own',
    code: `return grab(await send(host).split({ [Symbol.split]: () => ({ host }) }));`,
  },
  {
    name: 'species of a pattern',
    code: `
      let found;
      const pattern = /b/;
      pattern.constructor = { [Symbol.species]: function (...given) { found = grab(given[0]); return /b/; } };
      await send(host).split(pattern);
      return found;`,
  },
  {
    name: 'groups and their prototype',
    code: `return grab(/(?<a>a)/.exec('a').groups) ?? grab(await send(host).match(/(?<a>a)/));`,
  },
  {
    name: 'replacing calls back with host groups',
    code: `let found; await send(host).replace((...given) => { found = grab(given.at(-1)); return 'x'; }); return found;`,
  },
  {
    name: 'lastIndex as an object',
    code: `
      let found;
      const pattern = /b/g;
      pattern.lastIndex = { valueOf() { found = grab(this); return 0; } };
      await send(host).match(pattern);
      return found;`,
  },
  {
    name: 'compile of a shared pattern',
    code: `shared.pattern.compile(token);`,
    neighbour: `return shared.pattern.source;`,
    through: true,
  },
  {
    name: 'lastIndex of a shared pattern',
    code: `shared.pattern.lastIndex = Number.parseInt(token.slice(0, 6), 36);`,
    neighbour: `return shared.pattern.lastIndex === Number.parseInt(token.slice(0, 6), 36) ? shared.list : shared.pattern.lastIndex;`,
  },
]);
