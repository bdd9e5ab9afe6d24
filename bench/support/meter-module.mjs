// The meter as a module that config.json can name.
import { METER } from './meter-kind.mjs';

export const { definition, open } = METER;
