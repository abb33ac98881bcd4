import { DearQueue, type DearMeasurable } from "./dearQueue.ts";

/**
 * What a measurement is expected to cost: `cheap`, linear in the weights; that of a sharpness; or a multiple of the run's first
 * sharpness, which shows how dear the script's own evaluations are.
 */
export type Price = "cheap" | "sharpness" | number;

/** Something that can be measured. */
export interface Measurable {
  readonly name: string;
  readonly price: Price;
  /** Seconds that a dear one is to save up, however little it took the last time; absent where that shows what it takes. */
  readonly leastCost?: number;
}

/** Something that has to be paid for. */
interface Account {
  /** Of the income, relative to the others that are in need. */
  readonly weight: number;
  readonly owed: number;
  pay(seconds: number): void;
}

/**
 * Of the income, as long as they need it: of what the cheap ones leave half goes into the sharpness, which laws follow from one
 * measurement to the next, and half into the dear ones, of which there are many.
 */
const weights = { cheap: 1, sharpness: 2, dear: 2, loan: 1 };
/** Seconds: rounding could divide ever smaller remainders without end. */
const smallestIncome = 1e-12;
const nothing: ReadonlySet<string> = new Set();

/**
 * When to measure, so that training takes longer by a given fraction.
 *
 * That fraction of the script's own time is income. The cheap ones and the sharpness are measured on credit, and again as soon as
 * that is paid off. The dear ones save up in one purse for whose turn it is (`DearQueue`), so that none holds a young run up. A
 * first sharpness is much dearer than those that follow, which begin where it ended: it is a loan, paid off by the side.
 * What nobody needs is forgotten, for a long rest must not be followed by a rush.
 */
export class Budget {
  /** By name, what those that are measured on credit owe. */
  readonly #debts = new Map<string, number>();
  readonly #dear = new DearQueue();
  #loan = 0;
  #fraction: number;
  #requested = false;
  #lastTime: number | undefined;
  /** Not divided yet. */
  #income = 0;
  /** With less than this, nothing can become due. */
  #leastIncome = 0;

  /** `fraction` of the script's own time, from 0, which never measures, to 1, which always does. */
  constructor(fraction: number) {
    this.#fraction = fraction;
  }

  get fraction(): number {
    return this.#fraction;
  }

  set fraction(fraction: number) {
    this.#fraction = fraction;
  }

  /** Everything is to be measured at the next opportunity, whatever it costs. */
  request(): void {
    this.#requested = true;
  }

  /** Whether everything is measured at the next opportunity. */
  get takesAll(): boolean {
    return this.#requested || this.#fraction >= 1;
  }

  /**
   * Which measurements to take now.
   *
   * @param applicable gives what could be measured; not called where nothing can be due.
   * @param time seconds that the script itself has run, without measurements; never decreasing.
   */
  choose(applicable: () => readonly Measurable[], time: number): ReadonlySet<string> {
    this.#income += this.#fraction * (time - (this.#lastTime ?? time));
    this.#lastTime = time;
    const { takesAll } = this;
    if (!takesAll && (this.#fraction <= 0 || this.#income < this.#leastIncome)) return nothing;
    this.#requested = false;
    const measurables = applicable();
    this.#divide(measurables);
    const due = takesAll ? measurables : measurables.filter((each) => this.#isDue(each));
    if (due.length === 0) return nothing;
    // An evaluation need not become a step, and then nothing is spent: they stay due.
    this.#leastIncome = 0;
    return new Set(due.map(({ name }) => name));
  }

  /** A measurement has taken this many seconds; a negative number takes back what was counted too much before. */
  spend({ name, price }: Measurable, seconds: number): void {
    this.#leastIncome = 0;
    // Where all may be measured all the time, nothing is owed for it afterwards.
    const owed = this.#fraction >= 1 ? 0 : seconds;
    if (typeof price === "number") {
      this.#dear.spend(name, seconds, owed);
    } else if (price === "sharpness" && !this.#debts.has(name)) {
      this.#debts.set(name, 0);
      this.#loan += owed;
      this.#dear.unit ??= seconds;
    } else {
      this.#debts.set(name, this.#owed(name) + owed);
    }
  }

  #owed(name: string): number {
    return this.#debts.get(name) ?? 0;
  }

  #isDue({ name, price }: Measurable): boolean {
    return typeof price === "number" ? this.#dear.isDue(name) : this.#owed(name) <= 0;
  }

  /** Divides the income by weights among the accounts in need, until it or their need is used up. */
  #divide(measurables: readonly Measurable[]): void {
    const [dear, onCredit] = [measurables.filter(isDear), measurables.filter(isOnCredit)];
    let accounts = this.#accounts(onCredit, dear);
    while (this.#income > smallestIncome && accounts.length > 0) {
      const perWeight = this.#income / accounts.reduce((sum, { weight }) => sum + weight, 0);
      this.#income = 0;
      for (const account of accounts) {
        const paid = Math.min(account.owed, perWeight * account.weight);
        account.pay(paid);
        this.#income += perWeight * account.weight - paid;
      }
      accounts = this.#accounts(onCredit, dear);
    }
    this.#income = 0;
    // Until the first of them is paid off, each gets its part by weight.
    const total = accounts.reduce((sum, { weight }) => sum + weight, 0);
    this.#leastIncome = accounts.reduce(
      (least, { owed, weight }) => Math.min(least, (owed * total) / weight),
      Infinity,
    );
  }

  /** Those in need. */
  #accounts(onCredit: readonly OnCredit[], dear: readonly DearMeasurable[]): Account[] {
    const inDebt = onCredit.filter(({ name }) => this.#owed(name) > 0);
    const counts = { cheap: 0, sharpness: 0 };
    for (const { price } of inDebt) counts[price]++;
    const debts = inDebt.map(({ name, price }) => ({
      weight: weights[price] / counts[price],
      owed: this.#owed(name),
      pay: (seconds: number) => this.#debts.set(name, this.#owed(name) - seconds),
    }));
    const saving = {
      weight: weights.dear,
      owed: this.#dear.missing(dear),
      pay: (seconds: number) => {
        this.#dear.save(seconds);
      },
    };
    const loan = {
      weight: weights.loan,
      owed: this.#loan,
      pay: (seconds: number) => {
        this.#loan -= seconds;
      },
    };
    return [...debts, saving, loan].filter(({ owed }) => owed > 0);
  }
}

interface OnCredit {
  readonly name: string;
  readonly price: "cheap" | "sharpness";
}

function isOnCredit(measurable: Measurable): measurable is OnCredit {
  return typeof measurable.price === "string";
}

function isDear(measurable: Measurable): measurable is DearMeasurable {
  return typeof measurable.price === "number";
}
