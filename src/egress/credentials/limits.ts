/** Fields of a form that has a slot; servers take a thousand of them by default. */
export const FORM_FIELDS_MAX = 10_000;
