export type Colour = 'red' | 'green' | 'yellow' | 'blue' | 'bold' | 'dim';

export type Paint = (colour: Colour, text: string) => string;

/** Paints only when `colour` is true; see `CliContext.colour`. */
export function painter(colour: boolean): Paint {
  return (name, text) => (colour && text !== '' ? `\u001b[${CODES[name]}m${text}\u001b[0m` : text);
}

const CODES: Readonly<Record<Colour, number>> = {
  bold: 1,
  dim: 2,
  red: 31,
  green: 32,
  yellow: 33,
  blue: 34,
};
