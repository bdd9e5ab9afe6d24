/** How things are named that a policy file speaks of. */

/** A variable of the environment, and a secret. */
export const VARIABLE_NAME: RegExp = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

/** What code can write: a power is seen as a variable. The one name that no object can hold is out. */
export const CODE_NAME: RegExp = /^(?!__proto__$)[A-Za-z_$][A-Za-z0-9_$]{0,63}$/;

/** As npm names packages: no path, nothing that leads out of a folder of them. */
export const PACKAGE_NAME: RegExp =
  /^(?=.{1,214}$)(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/;

/** Longest rule that is made from a program: one line that a person reads. */
export const MADE_RULE: RegExp = /^[^\x00-\x1f\x7f]{1,1024}$/;
