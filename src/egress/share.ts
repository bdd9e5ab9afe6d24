import { SHARE_PER_TURN } from './limits.ts';

/**
 * What one box may have done in one turn of the event loop while the egress serves others too, so
 * that a box which sends much does not keep the others waiting. Its unit is the work on one byte of
 * an answer that is searched; other work is counted as so many bytes.
 */
export interface Share {
  /** Counts work that was done; false when more of its kind must wait for the next turn. */
  did(work: number): boolean;
  /** Does something at once, or in the first turn that has room, in the order of asking. */
  when(work: number, act: () => void): void;
  /** The box is closed: all that waits is done at once. */
  close(): void;
}

/** Shares of boxes in one egress. A box that is alone in it waits for nobody. */
export interface Shares {
  /** How many boxes are open. */
  readonly boxes: number;
  open(): Share;
}

/** Calls back in the next turn. */
type NextTurn = (act: () => void) => void;

export function makeShares(
  perTurn: number = SHARE_PER_TURN,
  nextTurn: NextTurn = setImmediate,
): Shares {
  let boxes = 0;

  function open(): Share {
    const waiting: { readonly work: number; act(): void }[] = [];
    let left = perTurn;
    let isAsked = false;
    let isOpen = true;
    boxes += 1;

    const isAlone = (): boolean => boxes <= 1 || !isOpen;

    function spend(work: number): void {
      left -= work;
      askForTurn();
    }

    function askForTurn(): void {
      if (isAsked) return;
      isAsked = true;
      nextTurn(() => {
        isAsked = false;
        left = perTurn;
        while (waiting.length > 0 && (left > 0 || isAlone())) {
          const next = waiting.shift();
          spend(next?.work ?? 0);
          next?.act();
        }
        if (waiting.length > 0) askForTurn();
      });
    }

    return {
      did(work) {
        if (isAlone()) return true;
        spend(work);
        return left > 0;
      },
      when(work, act) {
        if (isAlone()) {
          act();
        } else if (left > 0 && waiting.length === 0) {
          spend(work);
          act();
        } else {
          waiting.push({ work, act });
          askForTurn();
        }
      },
      close() {
        if (!isOpen) return;
        isOpen = false;
        boxes -= 1;
        for (const { act } of waiting.splice(0)) act();
      },
    };
  }

  return {
    get boxes() {
      return boxes;
    },
    open,
  };
}

/** Of the boxes of this process. */
export const SHARES: Shares = makeShares();
