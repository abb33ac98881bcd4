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
}

/** Something that has to be paid for. */
interface Account {
  /** Of the income, relative to the others that are in need. */
  readonly weight: number;
  readonly owed: number;
  pay(seconds: number): void;
}

/** Of the income, as long as they need it: the sharpness gets two thirds of what the cheap ones leave. */
const weights = { cheap: 1, sharpness: 2, dear: 1, loan: 1 };
/** Seconds: rounding could divide ever smaller remainders without end. */
const smallestIncome = 1e-12;
const nothing: ReadonlySet<string> = new Set();

/**
 * When to measure, so that measuring costs a given fraction of wall time.
 *
 * The fraction of the time that passes is income. The cheap ones and the sharpness are measured on credit, and again as soon as
 * that is paid off. The dear ones save up in one purse for whose turn it is (`DearQueue`), so that none holds a young run up. A
 * first sharpness is much dearer than those that follow, which begin where it ended: it is a loan, paid off by the side.
 * What nobody needs is forgotten, for a long rest must not be followed by a rush.
 */
export class Budget {
  /** By name, what those that are measured on credit owe. */
  readonly #debts = new Map<string, number>();
  readonly #prices = new Map<string, Price>();
  readonly #dear = new DearQueue();
  #loan = 0;
  #fraction: number;
  #requested = false;
  #lastTime: number | undefined;
  /** Not divided yet. */
  #income = 0;
  /** With less than this, nothing can become due. */
  #leastIncome = 0;

  /** `fraction` of wall time, from 0, which never measures, to 1, which always does. */
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

  /**
   * Which measurements to take now.
   *
   * @param applicable gives what could be measured; not called where nothing can be due.
   * @param time in seconds, never decreasing.
   */
  choose(applicable: () => readonly Measurable[], time: number): ReadonlySet<string> {
    this.#income += this.#fraction * (time - (this.#lastTime ?? time));
    this.#lastTime = time;
    const takesAll = this.#requested || this.#fraction >= 1;
    if (!takesAll && (this.#fraction <= 0 || this.#income < this.#leastIncome)) return nothing;
    this.#requested = false;
    const measurables = applicable();
    for (const { name, price } of measurables) this.#prices.set(name, price);
    this.#divide(measurables);
    const due = takesAll ? measurables : measurables.filter((each) => this.#isDue(each));
    return due.length === 0 ? nothing : new Set(due.map(({ name }) => name));
  }

  /** A measurement has taken this many seconds; a negative number takes back what was counted too much before. */
  spend(name: string, seconds: number): void {
    this.#leastIncome = 0;
    const price = this.#prices.get(name);
    if (typeof price === "number") {
      this.#dear.spend(name, seconds);
    } else if (price === "sharpness" && !this.#debts.has(name)) {
      this.#debts.set(name, 0);
      this.#loan += seconds;
      this.#dear.unit ??= seconds;
    } else {
      this.#debts.set(name, this.#owed(name) + seconds);
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
    const dear = measurables.filter(isDear);
    let accounts = this.#accounts(measurables, dear);
    while (this.#income > smallestIncome && accounts.length > 0) {
      const perWeight = this.#income / accounts.reduce((sum, { weight }) => sum + weight, 0);
      this.#income = 0;
      for (const account of accounts) {
        const paid = Math.min(account.owed, perWeight * account.weight);
        account.pay(paid);
        this.#income += perWeight * account.weight - paid;
      }
      accounts = this.#accounts(measurables, dear);
    }
    this.#income = 0;
    this.#leastIncome = accounts.reduce((least, { owed }) => Math.min(least, owed), Infinity);
  }

  #accounts(measurables: readonly Measurable[], dear: readonly DearMeasurable[]): Account[] {
    const credit = (["cheap", "sharpness"] as const).flatMap((price) => {
      const inDebt = measurables.filter((each) => each.price === price && this.#owed(each.name) > 0);
      return inDebt.map(({ name }) => ({
        weight: weights[price] / inDebt.length,
        owed: this.#owed(name),
        pay: (seconds: number) => this.#debts.set(name, this.#owed(name) - seconds),
      }));
    });
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
    return [...credit, saving, loan].filter(({ owed }) => owed > 0);
  }
}

function isDear(measurable: Measurable): measurable is DearMeasurable {
  return typeof measurable.price === "number";
}
