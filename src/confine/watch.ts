import { makeFacade } from './facade.ts';

/**
 * An object whose every call is told of before it is made. When `tell` throws, the call is not
 * made: what cannot be told of does not happen.
 *
 * @example
 * const seen = watch(chat, (method, args) => log.push({ method, args }));
 */
export function watch<T extends object>(
  object: T,
  tell: (method: string, args: readonly unknown[]) => void,
): T {
  return makeFacade(object, ({ method, args, proceed }) => {
    tell(method, [...args]);
    return proceed(args);
  });
}
