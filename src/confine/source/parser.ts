import { Parser } from 'acorn';

/** What acorn's parser has inside. */
interface Inside {
  enterScope(flags: number): void;
  currentScope(): Record<'var' | 'lexical' | 'functions', string[]>;
}

/** From here on a list is slower than a set. */
const FEW = 16;

/** The names of a scope, of which acorn looks for each new one among all. */
class NameList extends Array<string> {
  #names: Set<string> | null = null;

  override push(name: string): number {
    if (this.length === FEW) this.#names = new Set(this);
    this.#names?.add(name);
    return super.push(name);
  }

  override indexOf(name: string): number {
    if (this.#names === null) return super.indexOf(name);
    return this.#names.has(name) ? 0 : -1;
  }
}

function quick(Base: typeof Parser): typeof Parser {
  const Open = Base as unknown as new (...args: readonly unknown[]) => Inside;
  class Quick extends Open {
    override enterScope(flags: number): void {
      super.enterScope(flags);
      const scope = this.currentScope();
      scope.var = new NameList();
      scope.lexical = new NameList();
      scope.functions = new NameList();
    }
  }
  return Quick as unknown as typeof Parser;
}

/** Takes time that grows with the text, and not with its square, whatever its author wants. */
export const QuickParser: typeof Parser = Parser.extend(quick);
