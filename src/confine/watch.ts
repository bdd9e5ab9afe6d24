import { makeFacade } from './facade.ts';
import { inspect } from './inspect.ts';

/**
 * An object whose every call is told of before it is made: the name of the method, and its
 * arguments as text, which is made without calling anything of theirs. When `tell` throws, the
 * call is not made: what cannot be told of does not happen.
 *
 * @example
 * const seen = watch(files, (method, args) => log.push(`${method}(${args})`));
 */
export function watch<T extends object>(
  object: T,
  tell: (method: string, args: string) => void,
): T {
  return makeFacade(object, ({ method, args, proceed }) => {
    // A list, so that texts among them are quoted.
    tell(method, inspect(args).slice(1, -1));
    return proceed(args);
  });
}
