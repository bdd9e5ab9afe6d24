import { describe, expect, it } from 'vitest';
import { PowerboxError } from '../wire/errors.ts';
import { type Binding, parseOrigin } from './slot.ts';
import { parseSlot } from './slot-text.ts';
import { checkSlots, faultInSlot } from './value.ts';

function bindings(...slots: readonly string[]): readonly Binding[] {
  return [{ origin: parseOrigin('api.example'), slots: slots.map(parseSlot) }];
}

function messageOf(act: () => void): string {
  try {
    act();
  } catch (error) {
    expect(PowerboxError.is(error) && error.code).toBe('secret-invalid');
    return (error as Error).message;
  }
  return '';
}

describe('checkSlots()', () => {
  it.each([
    ['cookie:sid', 'abc+/=._~:123'],
    ['path:{token}', '7123456789:AAH-real_real+=,@!$&()*'],
    ['path:{token}', 'with"quotes<and>?#'],
    ['form:secret', 'a b;c/d\\e%f"g é'],
    ['json:/a', 'a b;c/d\\e%f"g é'],
    ['websocket:json:/a', 'a b;c/d\\e%f"g é'],
    ['header:authorization:Token {}', 'a b;c/d\\e%f"g é'],
    ['query:key', 'a b;c/d\\e%f"g é'],
  ])('lets %s carry %j', (slot, value) => {
    expect(messageOf(() => checkSlots('NAME', bindings(slot), value))).toBe('');
  });

  it.each([
    ['cookie:sid', 'real value here'],
    ['cookie:sid', 'real;value-here'],
    ['cookie:sid', 'real,value-here'],
    ['cookie:sid', 'real"value-here'],
    ['cookie:sid', 'real\\value-here'],
    ['cookie:sid', 'realévalue-here'],
    ['path:{token}', 'real/value-here'],
    ['path:{token}', 'real\\value-here'],
    ['path:{token}', 'real%2Fvalue-here'],
    ['path:{token}', 'real;value-here'],
    ['path:{token}', 'real value here'],
    ['path:{token}', 'realévalue-here'],
    ['path:{token}', '............'],
  ])('refuses for %s the value %j, and does not repeat it', (slot, value) => {
    const message = messageOf(() =>
      checkSlots('NAME', bindings('header:authorization:bearer', slot), value),
    );
    expect(message).toMatch(/^Cannot keep the value of NAME: it .*, and it is for (cookie|path):/);
    expect(message).not.toContain(value);
    expect(faultInSlot(parseSlot(slot), value)).not.toBe(null);
  });
});
