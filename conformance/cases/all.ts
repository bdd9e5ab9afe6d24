import type { Case } from '../types.ts';
import { CHANNELS, OPERATIONS, PLACEHOLDERS } from './channels.ts';
import { DESTINATION, ECHO } from './echo.ts';
import { NAMES } from './names.ts';
import { FRAMING, RULES } from './rules.ts';

export const CASES: readonly Case[] = [
  ...ECHO,
  ...DESTINATION,
  ...NAMES,
  ...RULES,
  ...FRAMING,
  ...CHANNELS,
  ...PLACEHOLDERS,
  ...OPERATIONS,
];
