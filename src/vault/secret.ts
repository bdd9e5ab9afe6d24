import { inspect } from 'node:util';

/**
 * A value in custody. It cannot be printed by accident: interpolation, JSON and inspection give
 * its name. `reveal` is the one way to the value, so a search for it finds every place that
 * handles one.
 */
export class Secret {
  readonly name: string;
  readonly #value: string;

  constructor(name: string, value: string) {
    this.name = name;
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return `[secret ${this.name}]`;
  }

  toJSON(): string {
    return this.toString();
  }

  static {
    // As a property, because the compiler emits no declaration for a method named by a symbol.
    Object.defineProperty(Secret.prototype, inspect.custom, { value: Secret.prototype.toString });
  }
}
